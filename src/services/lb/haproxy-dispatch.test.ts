import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberOf, type Objects } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { diff } from './diff.ts';
import { proxyDispatchesOf } from './haproxy-dispatch.ts';
import { LOCAL_PORTS } from './haproxy-read.ts';
import type { ProxyObserved } from './haproxy-state.ts';
import { plan } from './plan.ts';
import { at, WEB as BALANCER, selfOf, viewOf } from './test-balancers.ts';
import { wayName } from './ways.ts';

const MEMBERS = [memberOf(1), ...[2, 3].map((n) => memberOf(n, { role: 'web' }))];
const OWN = { ipv4: '10.10.0.1', ipv6: 'fd00::1' };

test('haproxy: to the table of nft it is the one backend of its balancers', () => {
  // Goal: one way for all. Method: a balancer of each engine, with what HAProxy has; then none that
  // serves, no tool, a member that drains.
  const objects = {
    'balancer/least': { ...BALANCER, addresses: at(1), mode: 'leastconn', stickyMs: 60_000 },
    'balancer/wished': { ...BALANCER, addresses: at(2), engine: 'haproxy' },
    'balancer/plain': { ...BALANCER, addresses: at(3) },
  };
  const own = { interface: 'cnsmo0', ...OWN };
  const absent: ProxyObserved = {
    ...{ kind: 'absent', place: { hasIpv6: true, taken: new Set() } },
  };
  const comesTo = (members = MEMBERS, observed: ProxyObserved = absent) => {
    const found = proxyDispatchesOf(viewOf(objects, members), selfOf(1), own, observed);
    return found.dispatches.map(({ balancer, targets }) => [
      ...[balancer.name, balancer.mode, balancer.port, balancer.stickyMs],
      ...targets.map(({ ipv4 }) => ipv4),
    ]);
  };
  assert.deepEqual(comesTo(), [
    ['least', 'roundrobin', LOCAL_PORTS.first, undefined, '10.10.0.1'],
    ['wished', 'roundrobin', LOCAL_PORTS.first + 1, undefined, '10.10.0.1'],
  ]);
  const draining = MEMBERS.map((member) => ({ ...member, isDraining: true }));
  assert.deepEqual(comesTo(draining)[0], ['least', 'roundrobin', LOCAL_PORTS.first, undefined]);
  assert.deepEqual(comesTo(MEMBERS, { kind: 'no-tool' })[0]?.slice(4), []);
  const found = proxyDispatchesOf(viewOf(objects, MEMBERS), selfOf(2), own, absent);
  const [least] = found.proxy.balancers;
  assert.deepEqual([least?.mode, least?.stickyMs, least?.ports], ['leastconn', 60_000, [80, 80]]);
  assert.deepEqual(least?.backends, [{ address: '10.10.0.3', weight: 1, state: 'ready' }]);
});

test('haproxy: until it may be reloaded, nft carries what it has not', () => {
  // Goal: a new balancer serves at once. Method: one that clients stay with, and HAProxy with what
  // it has of it; the other is new; then it has learned.
  const objects = {
    'balancer/late': { ...BALANCER, addresses: at(1), mode: 'leastconn', stickyMs: 30_000 },
    'balancer/stays': { ...BALANCER, addresses: at(2), mode: 'leastconn', stickyMs: 60_000 },
  };
  const own = { interface: 'cnsmo0', ...OWN };
  const view = viewOf(objects, MEMBERS);
  const running = (hasLearned: boolean): ProxyObserved => ({
    ...{ kind: 'running', place: { hasIpv6: true, taken: new Set() }, mark: '', hasLearned },
    ...{ peerPort: 29_423, formerWorkers: 0 },
    proxies: new Map([['stays', { localPort: LOCAL_PORTS.first, slots: [] }]]),
  });
  const portOf = (hasLearned: boolean) => {
    const found = proxyDispatchesOf(view, selfOf(1), own, running(hasLearned));
    return found.dispatches.map(({ balancer, targets }) => [
      ...[balancer.name, balancer.mode, balancer.port, balancer.stickyMs],
      ...targets.map(({ ipv4 }) => ipv4),
    ]);
  };
  const stays = ['stays', 'roundrobin', LOCAL_PORTS.first, undefined, OWN.ipv4];
  const backends = ['10.10.0.2', '10.10.0.3'];
  assert.deepEqual(portOf(false), [['late', 'roundrobin', 8080, 30_000, ...backends], stays]);
  const late = ['late', 'roundrobin', LOCAL_PORTS.first + 1, undefined, OWN.ipv4];
  assert.deepEqual(portOf(true), [late, stays]);
  const looks = [false, true].map((hasLearned) => {
    const host = { kind: 'missing', listeners: null, forwarding: null, closed: [] } as const;
    return plan(view, selfOf(1), { ...host, proxy: running(hasLearned) }).recheckMs;
  });
  assert.deepEqual(looks, [500, null]);
});

test('haproxy: nobody is led to where it does not listen, yet or any more', () => {
  // Goal: who changes the engine of a balancer refuses nobody. Method: what comes first, for one
  // that HAProxy has and no more is to have, and one that it is to have and has not.
  const place = { hasIpv6: true, taken: new Set<number>() };
  const proxy: ProxyObserved = {
    ...{ kind: 'running', place, mark: '', hasLearned: true, peerPort: 29_423, formerWorkers: 0 },
    proxies: new Map([['web', { localPort: LOCAL_PORTS.first, slots: [] }]]),
  };
  const host = { kind: 'missing', listeners: null, forwarding: null, closed: [], proxy } as const;
  const firstOf = (objects: Objects): readonly string[] => {
    const { state } = plan(viewOf(objects, MEMBERS), selfOf(1), host);
    return diff(state, host).map((each) =>
      each.kind === 'run' ? (each.argv[0] ?? '') : each.kind,
    );
  };
  const [least, plain] = [{ ...BALANCER, mode: 'leastconn' }, BALANCER];
  assert.deepEqual(firstOf({ 'balancer/web': plain }), ['nft', 'haproxy', 'tell']);
  assert.deepEqual(firstOf({ 'balancer/web': least }), ['haproxy', 'tell', 'nft']);
  assert.deepEqual(firstOf({ 'balancer/new': least }), ['haproxy', 'tell', 'nft']);
});

test('haproxy: who refuses ends what it has itself, who does not answer cannot', () => {
  // Goal: a server that stops gracefully loses nothing. Method: one of two backends is down, for
  // each reason; and serves.
  const object = { ...BALANCER, addresses: { ipv4: '10.10.7.1', ipv6: 'fd00:1::771' } };
  const view = viewOf({ 'balancer/least': { ...object, mode: 'leastconn' } }, MEMBERS);
  const [, second] = MEMBERS;
  const backendIn = (sight: string) => {
    const sights = new Map([[targetKey(second?.id ?? assert.fail(), object), sight]]);
    const absent = { kind: 'absent', place: { hasIpv6: true, taken: new Set<number>() } } as const;
    const own = { interface: 'cnsmo0', ...OWN };
    const { proxy } = proxyDispatchesOf(view, { ...selfOf(1), sights }, own, absent);
    const { state, isEnded } = proxy.balancers[0]?.backends[0] ?? assert.fail();
    return [state, isEnded === true];
  };
  assert.deepEqual(backendIn('up'), ['ready', false]);
  assert.deepEqual(backendIn('down refuses connections'), ['out', false]);
  assert.deepEqual(backendIn('down answers with status 503'), ['out', false]);
  assert.deepEqual(backendIn('down does not answer'), ['out', true]);
});

test('haproxy: a drained backend is drained until its time is over, and then ended', () => {
  // Goal: a drain that is kept to. Method: one of two backends drains, before its time is over
  // and after; it is a backend no more; twin: it serves, whatever was before.
  const [, second, third] = MEMBERS;
  const object = { ...BALANCER, addresses: { ipv4: '10.10.7.1', ipv6: 'fd00:1::771' } };
  const backend = second ?? assert.fail();
  const over = wayName(object.addresses, object as never, backend);
  const found = (objects: Objects, names: readonly string[]) => {
    const view = viewOf(
      { 'balancer/least': { ...object, mode: 'leastconn' }, ...objects },
      MEMBERS,
    );
    const sights = new Map(names.map((name) => [name, '']));
    const absent = { kind: 'absent', place: { hasIpv6: true, taken: new Set<number>() } } as const;
    const own = { interface: 'cnsmo0', ...OWN };
    const { proxy } = proxyDispatchesOf(view, { ...selfOf(1), sights }, own, absent);
    const [least] = proxy.balancers;
    const { state, isEnded } = least?.backends[0] ?? assert.fail();
    return [least?.backends.length, state, isEnded === true, least?.left ?? []];
  };
  const drains = { [`drain/${backend.id}`]: { balancers: { least: { sinceMs: 1 } } } };
  assert.deepEqual(found(drains, []), [2, 'draining', false, []]);
  const sticky = { 'balancer/least': { ...object, mode: 'leastconn', stickyMs: 60_000 } };
  assert.deepEqual(found({ ...sticky, ...drains }, []), [2, 'out', false, []], 'nobody stays');
  assert.deepEqual(found(drains, [over]), [2, 'out', true, []]);
  assert.deepEqual(found({}, [over]), [2, 'ready', false, []]);
  const to = [{ kind: 'member', id: third?.id ?? '' }];
  const less = { 'balancer/least': { ...object, mode: 'leastconn', to } };
  assert.deepEqual(found(less, [over]), [1, 'ready', false, ['10.10.0.2']]);
});
