import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberOf, type Objects } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { downSet } from './compile-down.ts';
import { type Dispatch, dispatchesOf } from './dispatch.ts';
import { FAMILIES } from './own-table.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';

const SERVED = { protocol: 'tcp', ports: [10_000, 19_999] };
const wide = { ...WEB, listen: SERVED, port: 10_000, check: { kind: 'tcp' } };
const at = (port: number) => ({ ...WEB, port, addresses: { ...WEB.addresses, ipv4: '10.10.7.8' } });
const isWide = ({ balancer: { name } }: Dispatch): boolean => name.startsWith('wide');

/** The ports at which member 2 is down, by set. `down`: balancers that see it so. */
const downAt = (objects: Objects, ...down: readonly string[]) => {
  const members = [memberOf(1), ...[2, 3, 4].map((n) => memberOf(n, { role: 'web' }))];
  const view = viewOf(objects, members);
  const named = dispatchesOf(view, selfOf(1)).filter(({ balancer }) =>
    down.includes(balancer.name),
  );
  const id = memberOf(2).id;
  const sights = new Map(named.map(({ balancer }) => [targetKey(id, balancer), 'down gone']));
  const dispatches = dispatchesOf(view, { ...selfOf(1), sights });
  return FAMILIES.map((family) =>
    (['down', 'downranges'] as const).map((kind) =>
      [...downSet(family, dispatches, kind, isWide).elements.values()].map(
        ({ key }) => (key as { readonly concat: readonly unknown[] }).concat[2],
      ),
    ),
  );
};

test('lb: of a wide range each port is down at which no balancer uses that backend', () => {
  // Goal: nothing that serves is refused, all else is. Method: a range and single ports in and
  // beside it, of which one or the other is down there; both families.
  const in2 = { 'balancer/wide': wide, 'balancer/in': at(12_000) };
  const both = (down: readonly number[], ranges: readonly (readonly [number, number])[]) => {
    const each = [down, ranges.map((range) => ({ range }))];
    return [each, each];
  };
  assert.deepEqual(downAt({ 'balancer/wide': wide }, 'wide'), both([], [[10_000, 19_999]]));
  const around = [
    [10_000, 11_999],
    [12_001, 19_999],
  ] as const;
  assert.deepEqual(downAt(in2, 'wide'), both([], around));
  assert.deepEqual(downAt(in2, 'in'), both([], []));
  assert.deepEqual(downAt({ ...in2, 'balancer/by': at(20_000) }, 'by'), both([20_000], []));
  assert.deepEqual(downAt(in2, 'in', 'wide'), both([12_000], [[10_000, 19_999]]));
  assert.deepEqual(
    downAt({ 'balancer/wide': wide, 'balancer/wide2': { ...wide, port: 15_000 } }, 'wide', 'wide2'),
    both([], [[10_000, 24_999]]),
  );
});
