import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff } from './diff.ts';
import {
  exampleMember,
  exampleObserved,
  examplePeer,
  exampleRoute,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import type { VpnObserved } from './state.ts';

const view = exampleView([exampleMember(1), exampleMember(2)]);
const calm = exampleObserved([examplePeer(2)]);
const eth1 = (address: string) => ({ interface: 'eth1', address });
const withRoutes = (...routes: VpnObserved['routes']): Partial<VpnObserved> => ({
  routes: [...calm.routes, ...routes],
});

const COLLISIONS: readonly (readonly [string, Partial<VpnObserved>, RegExp])[] = [
  ['none', {}, /^$/],
  ['an address beside', { others: [eth1('10.11.0.1/24')] }, /^$/],
  ['a wider network', { others: [eth1('10.9.0.1/8')] }, /^$/],
  [
    'an address inside',
    { others: [eth1('10.10.5.1/24')] },
    /^address: 10\.10\.5\.1\/24: of eth1 lies inside the mesh's 10\.10\.0\.0\/16; remove it from/,
  ],
  ['by IPv6', { others: [eth1('fd00:1::99/128')] }, /^address: fd00:1::99\/128: .*fd00:1::\/64/],
  [
    'an address and its own route: one matter',
    { others: [eth1('10.10.5.1/24')], ...withRoutes(exampleRoute('10.10.5.0/24', 'eth1')) },
    /^address: [^,]*, or give that network other addresses$/,
  ],
  [
    'a route inside',
    withRoutes(exampleRoute('10.10.8.0/24', 'eth1', { protocol: 'boot' })),
    /^route: 10\.10\.8\.0\/24: goes by eth1 and takes from the mesh's 10\.10\.0\.0\/16; remove it/,
  ],
  [
    'the same prefix',
    withRoutes(exampleRoute('10.10.0.0/16', 'eth1', { protocol: 'static' })),
    /^route: 10\.10\.0\.0\/16: goes by eth1/,
  ],
  [
    'of another table',
    withRoutes(exampleRoute('10.10.8.0/24', 'eth1', { table: '77' })),
    /goes by eth1 in table 77/,
  ],
  [
    'one that drops',
    withRoutes(
      exampleRoute('10.10.8.0/24', '', { type: 'unreachable', interfaces: [], protocol: 'boot' }),
    ),
    /^route: 10\.10\.8\.0\/24: goes unreachable/,
  ],
  [
    'over two paths, one of them ours',
    withRoutes(exampleRoute('10.10.8.0/24', '', { interfaces: ['cnsmo0', 'eth1'] })),
    /goes by cnsmo0, eth1/,
  ],
  ['a route of ours', withRoutes(exampleRoute('10.10.8.0/24', 'cnsmo0')), /^$/],
  [
    "the kernel's own for a broadcast",
    withRoutes(exampleRoute('10.10.5.255/32', 'eth1', { type: 'broadcast', table: 'local' })),
    /^$/,
  ],
  [
    'a rule that looks up another table first',
    { paths: { '10.10.0.2': { interface: 'tailscale0', mtu: null } } },
    /^route: 10\.10\.0\.2: what is for vm-2 leaves by tailscale0, as a routing rule says; see: ip/,
  ],
  ['all as it should be', { paths: { '10.10.0.2': { interface: 'cnsmo0', mtu: null } } }, /^$/],
  [
    'no route of ours yet: no word on where it goes',
    { routes: [], paths: { '10.10.0.2': { interface: 'eth0', mtu: null } } },
    /^$/,
  ],
];

test('what stands in the way is named, and nothing is done about it', () => {
  // Goal: never overwrite, never silent. Method: a table of what others may have.
  for (const [why, changes, expected] of COLLISIONS) {
    const observed = exampleObserved([examplePeer(2)], changes);
    const { state, problems } = plan(view, exampleSelf(), observed);
    assert.match(problems.join(), expected, why);
    const commands = diff(state, { ...observed, routes: calm.routes });
    assert.deepEqual(commands, [], why);
  }
});

test('of very many collisions some are named', () => {
  // Goal: a status that can be read. Method: a hundred addresses.
  const others = Array.from({ length: 100 }, (_, n) => eth1(`10.10.5.${n}/24`));
  const { problems } = plan(view, exampleSelf(), exampleObserved([examplePeer(2)], { others }));
  assert.equal(problems.length, 5);
});
