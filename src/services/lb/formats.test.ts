import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../../crdt/codec.ts';
import type { Value } from '../../crdt/entry.ts';
import { idOf, viewWith } from '../test-view.ts';
import { balancersOf } from './balancers.ts';
import { GOLDEN_LB } from './intent-golden.table.ts';

/** What the objects say, by `<kind>/<name>`. */
const OBJECTS: Readonly<Record<string, Value>> = {
  'balancer/web': {
    listen: { protocol: 'tcp', ports: [80, 81] },
    to: [{ kind: 'labels', labels: { role: 'web' } }],
    ...{ port: 8_080, mode: 'leastconn' },
    weights: [{ of: { kind: 'member', id: idOf(1) }, weight: 3 }],
    on: [{ kind: 'mesh' }],
    check: { kind: 'http', path: '/health' },
    ...{ stickyMs: 60_000, drainMs: 30_000, engine: 'haproxy', includesSelf: true },
    addresses: { ipv4: '10.10.255.1', ipv6: 'fd00:1::ff01' },
    comment: 'the web',
  },
  'balancer/dns': {
    listen: { protocol: 'udp', ports: [53, 53] },
    to: [{ kind: 'group', name: 'dns' }],
    ...{ port: 53, mode: 'source', check: { kind: 'none' }, drainMs: 0, engine: 'nft' },
    addresses: { ipv4: null, ipv6: 'fd00:1::ff02' },
  },
  [`drain/${idOf(1)}`]: { balancers: { web: { sinceMs: 1_800_000_000_000 } } },
};

test('formats: the balancer reads objects of the first release, of each kind', () => {
  // Goal: balancers outlive every release. Method: bytes that never change, read as this service
  // reads them, beside what they say; none is set aside.
  const golden = Object.entries(GOLDEN_LB).flatMap(([kind, byName]) =>
    Object.entries(byName).map(([name, hex]) => [`${kind}/${name}`, hex] as const),
  );
  assert.deepEqual(golden.map(([place]) => place).toSorted(), Object.keys(OBJECTS).toSorted());
  const objects = golden.map(([place, hex]) => {
    assert.equal(Buffer.from(encode(OBJECTS[place] ?? null)).toString('hex'), hex, place);
    const decoded = decode(Uint8Array.from(Buffer.from(hex, 'hex')));
    assert.ok(decoded.ok, place);
    return [place, decoded.value] as const;
  });
  const read = balancersOf(viewWith('lb', [], Object.fromEntries(objects)));
  assert.deepEqual(read.unread, []);
  const balancers = ['balancer/dns', 'balancer/web'].map((path) => OBJECTS[path] ?? {});
  assert.deepEqual(
    read.balancers.map(({ claim }) => structuredClone(claim.value)),
    balancers,
  );
  assert.partialDeepStrictEqual(structuredClone(read.balancers), balancers);
  assert.deepEqual([...(read.drains.get(idOf(1)) ?? [])], [['web', 1_800_000_000_000]]);
});
