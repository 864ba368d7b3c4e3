import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, keyText } from '../nft/tables.ts';
import { idOf } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { plan } from './plan.ts';
import type { LbObserved } from './state.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';

/** The host, with these places in the kernel's set of those that are down. */
const hostWith = (...places: readonly (readonly [host: string, port: number])[]): LbObserved => {
  const elements = new Map(
    places.map(([host, port]) => {
      const key = concat(host, 6, port);
      return [keyText(key), { key, words: '', packets: 0, bytes: 0, timeout: null, expires: null }];
    }),
  );
  const sets = new Map([['down4', { kind: 'set', words: '', elements } as const]]);
  return {
    ...{ kind: 'present', listeners: null, forwarding: null, closed: [] },
    table: { chains: new Map(), sets, counters: new Map() },
    proxy: { kind: 'unasked' },
  };
};

test('lb: who was down when a daemon began stays so until it has tried', () => {
  // Goal: an upgrade brings no dead backend back. Method: vm3 is down in the kernel, and nothing is
  // seen yet; then it is seen up; twins: another port, a kernel that has none, two of three.
  const view = viewOf({ 'balancer/web': WEB });
  const used = (observed: LbObserved, sights: readonly (readonly [number, string])[] = []) => {
    const seen = new Map(sights.map(([n, text]) => [targetKey(idOf(n), WEB), text]));
    const { state } = plan(view, { ...selfOf(1), sights: seen }, observed);
    return state?.dispatches[0]?.targets.map(({ ipv4 }) => ipv4);
  };
  const all = ['10.10.0.2', '10.10.0.3', '10.10.0.4'];
  const left = hostWith(['10.10.0.3', 8080]);
  assert.deepEqual(used(left), ['10.10.0.2', '10.10.0.4']);
  assert.deepEqual(used(left, [[3, 'unknown not tried yet']]), ['10.10.0.2', '10.10.0.4']);
  assert.deepEqual(used(left, [[3, 'unknown not checked yet']]), all);
  assert.deepEqual(used(left, [[3, 'up']]), all);
  assert.deepEqual(used(hostWith(['10.10.0.3', 8081])), all);
  assert.deepEqual(used(hostWith()), all);
  assert.deepEqual(used(hostWith(['10.10.0.3', 8080], ['10.10.0.4', 8080])), all);
});
