import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sights } from '../loop.ts';
import { plainTextOf } from '../nft/text.ts';
import { idOf, memberOf, type Objects } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { compile } from './compile.ts';
import { LEFT } from './endings.ts';
import { ENDED } from './golden-ended.table.ts';
import { replaceTable } from './own-table.ts';
import { plan } from './plan.ts';
import type { LbObserved } from './state.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';
import { wayName } from './ways.ts';

const UDP = { listen: { protocol: 'udp', ports: [53, 53] }, port: 53, check: { kind: 'none' } };
const DNS = { ...WEB, ...UDP, addresses: { ipv4: '10.10.7.8', ipv6: 'fd00:1::778' } } as const;
const OBJECTS = { 'balancer/dns': DNS, 'balancer/web': WEB };
const SEEN = { kind: 'missing', listeners: [], forwarding: null, closed: [] } as const;

/** Its table on the first member, a line each. */
const linesOf = (objects: Objects, sights: Sights): readonly string[] => {
  const observed = { ...SEEN, proxy: { kind: 'unasked' } } as const;
  const { state } = plan(viewOf(objects), { ...selfOf(1), sights }, observed);
  const { own, dispatches, ended } = state ?? assert.fail('wants nothing');
  return plainTextOf(replaceTable(compile(own, dispatches, ended), new Map())).split('\n');
};

const isDown = (n: number, why: string, balancer: typeof WEB | typeof DNS = WEB) =>
  [targetKey(idOf(n), balancer as never), `down ${why}`] as const;
const isOver = (n: number, balancer: typeof WEB | typeof DNS = WEB) =>
  [wayName(balancer.addresses, balancer as never, memberOf(n)), ''] as const;
const drained = (n: number, ...names: readonly string[]): Objects => ({
  [`drain/${idOf(n)}`]: {
    balancers: Object.fromEntries(names.map((name) => [name, { sinceMs: 1 }])),
  },
});

/** What of the table is about what is ended: nothing else may come. */
const aboutEnded = (objects: Objects, ...sights: readonly (readonly [string, string])[]) =>
  linesOf(objects, new Map(sights)).filter((line) => /(ended|moved)[^ ]*|zone/.test(line));

test('ended: whose time is over, and no other, is in the table, with exactly this', () => {
  // Goal: no chain that nobody asked for. Method: the lines for a backend of tcp that hangs, and
  // one of udp that is gone; twins: one refuses, one drains still, all hang, and nobody is amiss.
  const objects = { ...OBJECTS, 'balancer/web': { ...WEB, on: [{ kind: 'mesh' }] } };
  const gone = [isDown(2, 'does not answer'), isDown(3, 'its VM does not answer', DNS)];
  assert.deepEqual(aboutEnded(objects, ...gone), ENDED.trim().split('\n'));
  assert.deepEqual(aboutEnded(OBJECTS), []);
  assert.deepEqual(aboutEnded(OBJECTS, isDown(2, 'refuses connections')), []);
  assert.deepEqual(aboutEnded(OBJECTS, isDown(2, 'answers with status 503')), []);
  assert.deepEqual(aboutEnded({ ...OBJECTS, ...drained(2, 'web', 'dns') }), []);
  const cut = [2, 3, 4].map((n) => isDown(n, 'does not answer'));
  assert.deepEqual(aboutEnded(OBJECTS, ...cut), []);
});

test('ended: a time that is over ends what a backend has of that balancer alone', () => {
  // Goal: a drain is kept to, and meant as it was said. Method: the elements for a drain of one
  // balancer, of a whole VM, of a backend and of a balancer that are gone.
  const other = { ...WEB, addresses: { ipv4: '10.10.7.9', ipv6: 'fd00:1::779' } };
  const objects = { ...OBJECTS, 'balancer/other': other };
  const pairs = (given: Objects, ...sights: readonly (readonly [string, string])[]) =>
    aboutEnded(given, ...sights).flatMap((line) => /ended4 (\{ \d.*)/.exec(line)?.[1] ?? []);
  const left = { ...objects, ...drained(2, 'web', 'other') };
  assert.deepEqual(pairs(left, isOver(2)), ['{ 10.10.7.7 . 10.10.0.2 }']);
  assert.deepEqual(pairs(objects, isOver(2)), [], 'it serves again');
  const { 'balancer/web': _, ...without } = objects;
  assert.deepEqual(pairs(without, isOver(2)), ['{ 10.10.7.7 . 10.10.0.2 }']);
  const to = [{ kind: 'member', id: idOf(3) }];
  const less = { ...objects, 'balancer/web': { ...WEB, to } };
  assert.deepEqual(pairs(less, isOver(2)), ['{ 10.10.7.7 . 10.10.0.2 }']);
  assert.deepEqual(pairs(less, isOver(3)), []);
});

test('ended: at a frontend no two elements overlap, and none has what is used', () => {
  // Goal: a set that the kernel takes. Method: three balancers at ports of one backend that lie in
  // one another; all hang, and one of them serves.
  const on = [{ kind: 'mesh' }];
  const over = (n: number, listen: readonly [number, number], port: number) => ({
    ...{ ...WEB, on, port, addresses: { ipv4: `10.10.8.${n}`, ipv6: `fd00:1::88${n}` } },
    listen: { protocol: 'tcp', ports: listen },
  });
  const made = {
    'balancer/a': over(1, [8_000, 8_099], 8_000),
    'balancer/b': over(2, [9_000, 9_009], 8_050),
    'balancer/c': over(3, [9_500, 9_500], 8_095),
  };
  const fronts = (...ports: readonly number[]) =>
    aboutEnded(
      made,
      ...ports.map((port) => isDown(2, 'does not answer', { ...WEB, port } as never)),
    ).flatMap((line) => /front4 (\{ \d.*)/.exec(line)?.[1] ?? []);
  assert.deepEqual(fronts(8_000, 8_050, 8_095), ['{ 10.10.0.2 . 6 . 8000-8099 }']);
  assert.deepEqual(fronts(8_000, 8_050), [
    '{ 10.10.0.2 . 6 . 8000-8094, 10.10.0.2 . 6 . 8096-8099 }',
  ]);
  assert.deepEqual(fronts(8_050), []);
});

test('ended: the table stays while something may run that the last balancer began', () => {
  // Goal: nothing hangs, for without a table the kernel translates no connection. Method: what is
  // wanted of a host whose last balancer is gone: at once, while something is left, and after;
  // twin: there was no table.
  const table = { chains: new Map(), sets: new Map(), counters: new Map() };
  const there = { ...SEEN, kind: 'present', table, proxy: { kind: 'unasked' } } as const;
  const wanted = (viewAgeMs: number, sights: Sights, observed: LbObserved = there) =>
    plan(viewOf({}), { ...selfOf(1), viewAgeMs, sights }, observed);
  const left: Sights = new Map([[LEFT, '']]);
  const none: Sights = new Map();
  assert.deepEqual(wanted(0, none).state?.dispatches, []);
  assert.equal(wanted(0, none).recheckMs, 3_000);
  assert.deepEqual(wanted(60_000, left).state?.dispatches, []);
  assert.equal(wanted(60_000, none).state, null);
  assert.equal(wanted(0, left, { ...SEEN, proxy: { kind: 'unasked' } }).state, null);
});
