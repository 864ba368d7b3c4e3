import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedTable } from '../nft/observed.ts';
import { idOf } from '../test-view.ts';
import type { RunningProxy } from './haproxy-state.ts';
import { backendChain } from './own-table.ts';
import { sightsOf } from './sights.ts';
import type { LbObserved } from './state.ts';
import { viewOf, WEB } from './test-balancers.ts';
import { sightName } from './told.ts';

test('sights: what each backend was sent, by whatever carries it', () => {
  // Goal: `show` tells the truth of each engine. Method: one balancer each of nft and HAProxy, as
  // their hosts tell; a backend tells nothing of itself, unless it serves itself as well.
  const view = viewOf({ 'balancer/web': WEB, 'balancer/api': { ...WEB, mode: 'leastconn' } });
  const chains = new Map([[backendChain('web', idOf(2)), { rules: [{ packets: 5 }] }]]);
  const slot = { name: 's1', port: 8080, weight: 1, state: 'ready', isDown: false } as const;
  const slots = [
    { ...slot, address: '10.10.0.2', connections: 3 },
    { ...slot, address: '10.10.0.3', connections: 0, isDown: true },
  ];
  const proxy: RunningProxy = {
    ...{ kind: 'running', place: { hasIpv6: true, taken: new Set() }, mark: '' },
    proxies: new Map([['api', { localPort: 28_400, slots }]]),
  };
  const table = { chains } as unknown as ObservedTable;
  const observed: LbObserved = { kind: 'present', table, proxy };
  const [two, three, four] = [2, 3, 4].map((n) => idOf(n));
  assert.ok(two !== undefined && three !== undefined && four !== undefined);
  assert.deepEqual(sightsOf(view, { id: idOf(1) }, observed), {
    [sightName('api', two)]: 'unknown 3',
    [sightName('api', three)]: 'down 0 connections of HAProxy to it fail',
    [sightName('api', four)]: 'unknown -',
    [sightName('web', two)]: 'unknown 5',
    [sightName('web', three)]: 'unknown -',
    [sightName('web', four)]: 'unknown -',
  });
  const own = Object.keys(sightsOf(view, { id: two }, observed));
  assert.deepEqual(own.includes(sightName('web', two)), false);
  const selfish = viewOf({ 'balancer/web': { ...WEB, includesSelf: true } });
  const all = Object.keys(sightsOf(selfish, { id: two }, observed));
  assert.deepEqual(all.includes(sightName('web', two)), true);
});
