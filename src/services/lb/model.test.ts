import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecord } from '../../crdt/records.ts';
import { idOf, memberOf, type Objects, viewWith } from '../test-view.ts';
import { addressesOf, pickAddresses, virtualAddresses } from './addresses.ts';
import {
  backendsOf,
  balancersOf,
  engineOf,
  frontendsOf,
  readBalancers,
  SERVICE,
} from './balancers.ts';
import {
  balancerSchema,
  DRAIN_MAX_MS,
  ENGINES,
  MODES,
  STICKY_MAX_MS,
  WEIGHT_MAX,
} from './schemas.table.ts';
import { WEB } from './test-balancers.ts';

const MEMBERS = [memberOf(1), memberOf(2, { role: 'web' }), memberOf(3, { role: 'web' })];
const view = (objects: Objects, members = MEMBERS) => viewWith(SERVICE, members, objects);

test('balancer: what does not fit is refused by the field that does not', () => {
  // Goal: an object that means nothing is set aside. Method: one wrong field each, beside twins at
  // the bounds that are read.
  const why = (change: object): string => {
    const read = readRecord(balancerSchema, { ...WEB, ...change });
    return read.ok ? 'read' : read.why;
  };
  const bad: readonly (readonly [change: object, why: RegExp])[] = [
    [{ to: [] }, /^to is empty/],
    [{ to: [{ kind: 'any' }] }, /^to names members/],
    [{ to: [{ kind: 'cidr', cidr: '10.0.0.0/8' }] }, /^to names members/],
    [{ on: [{ kind: 'any' }] }, /^on names members/],
    [{ port: 0 }, /^port must/],
    [{ listen: { protocol: 'tcp', ports: [80, 79] } }, /reversed/],
    [{ listen: { protocol: 'tcp', ports: [1, 65_535] } }, /^port leaves no room/],
    [{ weights: [{ of: { kind: 'mesh' }, weight: WEIGHT_MAX + 1 }] }, /weight must/],
    [{ check: { kind: 'http', path: '/a b' } }, /path must/],
    [{ check: { kind: 'http', path: 'health' } }, /path must/],
    [{ check: { kind: 'exec', argv: [] } }, /argv is empty/],
    [{ stickyMs: STICKY_MAX_MS + 1 }, /^stickyMs must/],
    [{ drainMs: DRAIN_MAX_MS + 1 }, /^drainMs must/],
    [{ mode: 'fastest' }, /^mode must be one of/],
    [{ mode: 'leastconn', engine: 'nft' }, /^engine nft cannot/],
    [{ listen: { protocol: 'udp', ports: [53, 53] } }, /^check udp takes no/],
    [{ addresses: { ipv4: 'fd00::1', ipv6: 'fd00::1' } }, /ipv4 must/],
    [{ addresses: { ipv4: null, ipv6: '10.0.0.1' } }, /ipv6 must/],
    [{ colour: 'red' }, /Invalid input/],
  ];
  for (const [change, expected] of bad) assert.match(why(change), expected);
  const good = [
    ...[{}, { stickyMs: STICKY_MAX_MS, drainMs: DRAIN_MAX_MS }, { port: 65_535 }],
    { listen: { protocol: 'udp', ports: [53, 54] }, check: { kind: 'none' } },
    ...MODES.map((mode) => ({ mode })),
    ...ENGINES.map((engine) => ({ engine })),
  ];
  for (const change of good) assert.equal(why(change), 'read');
});

test('balancer: who it means follows the view, who drains takes nothing new', () => {
  // Goal: labels count at once. Method: a balancer over a label, with weights and drains.
  const weights = [{ of: { kind: 'member', id: idOf(3) }, weight: 5 }];
  const objects: Objects = {
    'balancer/web': { ...WEB, weights, on: [{ kind: 'member', id: idOf(1) }] },
    [`drain/${idOf(2)}`]: { balancers: { web: { sinceMs: 7 } } },
    'drain/nobody': { balancers: {} },
    'tunnel/x': {},
  };
  const seen = view(objects);
  const [web] = balancersOf(seen).balancers;
  assert.ok(web !== undefined);
  assert.equal(engineOf(web), 'nft');
  assert.equal(engineOf({ engine: 'auto', mode: 'leastconn' }), 'haproxy');
  assert.deepEqual(
    backendsOf(seen, web)
      .map(({ member, weight, drainedMs, isDraining }) => [
        ...[member.name, weight, drainedMs, isDraining],
      ])
      .toSorted(),
    [
      ['vm2', 1, 7, true],
      ['vm3', 5, null, false],
    ],
  );
  assert.deepEqual([...frontendsOf(seen, web)], [idOf(1)]);
  assert.deepEqual(
    balancersOf(seen).unread.map(({ why }) => why),
    ['this version knows no tunnel'],
  );
  const [, second, third] = MEMBERS;
  assert.ok(second !== undefined && third !== undefined);
  const later = view(objects, [
    { ...second, hasLeft: true },
    { ...third, isDraining: true },
    memberOf(4, { role: 'web' }),
  ]);
  assert.deepEqual(
    backendsOf(later, web)
      .map(({ member, isDraining }) => [member.name, isDraining])
      .toSorted(),
    [
      ['vm3', true],
      ['vm4', false],
    ],
  );
});

test('virtual addresses: they stay, and nobody else has them', () => {
  // Goal: one address, one meaning, on every member. Method: what is picked, then collisions with
  // a member and with a balancer of another name; the twin without collision keeps what it has.
  const alone = view({ 'balancer/web': WEB });
  assert.deepEqual(addressesOf(alone).get('web'), WEB.addresses);
  const picked = pickAddresses(alone, 'api');
  assert.notEqual(picked.ipv4, null);
  assert.match(picked.ipv6, /^fd00:1:/);
  const both = view({ 'balancer/web': WEB, 'balancer/app': { ...WEB, addresses: picked } });
  assert.deepEqual(addressesOf(both).get('app'), picked);
  assert.equal(new Set(virtualAddresses(both)).size, 4);
  const same = view({ 'balancer/web': WEB, 'balancer/app': WEB });
  assert.deepEqual(addressesOf(same).get('app'), WEB.addresses);
  assert.equal(new Set(virtualAddresses(same)).size, 4);
  const [first] = MEMBERS;
  assert.ok(first !== undefined);
  const met = view({ 'balancer/web': WEB }, [{ ...first, ipv4: '10.10.7.7' }]);
  assert.notEqual(addressesOf(met).get('web')?.ipv4, '10.10.7.7');
  const outside = { ...WEB, addresses: { ipv4: '192.0.2.1', ipv6: 'fd00:1::9' } };
  assert.match(addressesOf(view({ 'balancer/web': outside })).get('web')?.ipv4 ?? '', /^10\.10\./);
});

test('balancers: read in pieces they are the same', () => {
  // Goal: a thousand of them hold nobody up. Method: each object is a piece, once; then none, and
  // what is read is what is read at once.
  const objects: Objects = {
    ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`balancer/${name}`, { ...WEB }])),
    [`drain/${idOf(2)}`]: { balancers: { a: { sinceMs: 7 } } },
    'tunnel/x': {},
  };
  const seen = view(objects);
  const pieces = () => [...readBalancers(seen, { isDue: () => true })].length;
  assert.equal(pieces(), 5);
  const { balancers, drains } = balancersOf(seen);
  assert.deepEqual([balancers.length, drains.size], [3, 1]);
  assert.equal(pieces(), 0);
});
