import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedTable } from '../nft/observed.ts';
import { concat, keyText, PROTOCOL_NUMBERS } from '../nft/tables.ts';
import { idOf } from '../test-view.ts';
import { balancersOf } from './balancers.ts';
import { targetKey } from './checks.ts';
import { diff } from './diff.ts';
import type { RunningProxy } from './haproxy-state.ts';
import { backendChain } from './own-table.ts';
import { plan } from './plan.ts';
import { summary } from './report.ts';
import { sightsOf } from './sights.ts';
import type { LbObserved } from './state.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';
import { OVER, overName, PANIC, sightName } from './told.ts';
import { wayName } from './ways.ts';

test('sights: what each backend was sent, by whatever carries it', () => {
  // Goal: `show` tells the truth of each engine. Method: one balancer each of nft and HAProxy, as
  // their hosts tell, in both families, and one of a long range, whose backends have chains; a
  // backend tells nothing of itself, unless it serves itself as well.
  const view = viewOf({
    'balancer/web': WEB,
    'balancer/api': { ...WEB, mode: 'leastconn' },
    'balancer/wide': { ...WEB, listen: { protocol: 'tcp', ports: [10_000, 19_999] }, port: 10_000 },
  });
  const chains = new Map([[backendChain('wide', idOf(3)), { rules: [{ packets: 7 }] }]]);
  const sent = (address: string, packets: number) =>
    new Map([[keyText(concat(address, PROTOCOL_NUMBERS.tcp, WEB.port)), { packets, bytes: 0 }]]);
  const sets = new Map([
    ['sent4', { elements: sent('10.10.0.2', 4) }],
    ['sent6', { elements: sent('fd00:1::2', 1) }],
  ]);
  const slot = { name: 's1', port: 8080, weight: 1, state: 'ready', isDown: false } as const;
  const slots = [
    { ...slot, address: '10.10.0.2', connections: 3 },
    { ...slot, address: '10.10.0.3', connections: 0, isDown: true },
  ];
  const proxy: RunningProxy = {
    ...{ kind: 'running', place: { hasIpv6: true, taken: new Set() }, mark: '' },
    ...{ peerPort: null, formerWorkers: 0, hasLearned: true },
    proxies: new Map([['api', { localPort: 28_400, slots }]]),
  };
  const table = { chains, sets } as unknown as ObservedTable;
  const observed: LbObserved = {
    ...{ kind: 'present', table, listeners: null, forwarding: null, closed: [] },
    proxy,
  };
  const [two, three, four] = [2, 3, 4].map((n) => idOf(n));
  assert.ok(two !== undefined && three !== undefined && four !== undefined);
  assert.deepEqual(sightsOf(view, { id: idOf(1), sights: new Map() }, observed), {
    [sightName('api', two)]: 'unknown 3 not tried yet',
    [sightName('api', three)]: 'down 0 connections of HAProxy to it fail',
    [sightName('api', four)]: 'unknown - not tried yet',
    [sightName('web', two)]: 'unknown 5 not tried yet',
    [sightName('web', three)]: 'unknown - not tried yet',
    [sightName('web', four)]: 'unknown - not tried yet',
    [sightName('wide', two)]: 'unknown - not tried yet',
    [sightName('wide', three)]: 'unknown 7 not tried yet',
    [sightName('wide', four)]: 'unknown - not tried yet',
  });
  const sights = new Map([2, 3].map((n) => [targetKey(idOf(n), WEB), 'down does not answer']));
  assert.deepEqual(sightsOf(view, { id: idOf(1), sights }, observed), {
    [sightName('api', two)]: 'down 3 does not answer',
    [sightName('api', three)]: 'down 0 does not answer',
    [sightName('api', four)]: 'unknown - not tried yet',
    [sightName('web', two)]: 'down 5 does not answer',
    [sightName('web', three)]: 'down - does not answer',
    [sightName('web', four)]: 'unknown - not tried yet',
    [sightName('wide', two)]: 'unknown - not tried yet',
    [sightName('wide', three)]: 'unknown 7 not tried yet',
    [sightName('wide', four)]: 'unknown - not tried yet',
    ...{ api: PANIC, web: PANIC },
  });
  const own = Object.keys(sightsOf(view, { id: two, sights: new Map() }, observed));
  assert.deepEqual(own.includes(sightName('web', two)), false);
  const selfish = viewOf({ 'balancer/web': { ...WEB, includesSelf: true } });
  const all = Object.keys(sightsOf(selfish, { id: two, sights: new Map() }, observed));
  assert.deepEqual(all.includes(sightName('web', two)), true);
});

test('report: a first balancer is in force nowhere before this host was looked at', () => {
  // Goal: news of the first balancer leads to a look, and none is told to be in force before.
  // Method: a host that nothing was wanted of, with and without a balancer in the view.
  const unseen: LbObserved = { kind: 'unasked', proxy: { kind: 'unasked' } };
  const first = viewOf({ 'balancer/web': WEB });
  const { state } = plan(first, selfOf(1), unseen);
  assert.notDeepEqual(diff(state, unseen), []);
  assert.deepEqual(summary(unseen, first, selfOf(1)).applied, {});
  const none = viewOf({});
  assert.deepEqual(diff(plan(none, selfOf(1), unseen).state, unseen), []);
});

test('sights: who drains is told of once its time is over', () => {
  // Goal: `show` says when a drain is done. Method: one that drains and one that serves, before and
  // after; the twin: a name of a way alone tells nothing of who serves.
  const two = idOf(2);
  const view = viewOf({
    'balancer/web': WEB,
    [`drain/${two}`]: { balancers: { web: { sinceMs: 1 } } },
  });
  const observed: LbObserved = {
    ...{ kind: 'missing', listeners: null, forwarding: null, closed: [] },
    proxy: { kind: 'unasked' },
  };
  const served = balancersOf(view).balancers[0];
  assert.ok(served !== undefined);
  const over = [2, 3].map((n) => {
    const backend = { ipv4: `10.10.0.${n}`, ipv6: `fd00:1::${n}` };
    return [wayName(WEB.addresses, served, backend), ''] as const;
  });
  const named = (sights: ReadonlyMap<string, string>): readonly string[] =>
    Object.entries(sightsOf(view, { id: idOf(1), sights }, observed)).flatMap(([name, word]) =>
      word === OVER ? [name] : [],
    );
  assert.deepEqual(named(new Map()), []);
  assert.deepEqual(named(new Map(over)), [overName('web', two)]);
});
