import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EXAMPLE_NOTHING,
  exampleFacts,
  exampleId,
  exampleKey,
  exampleMember,
  exampleObserved,
  examplePeer,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import { signs } from './signs.ts';
import type { VpnObserved } from './state.ts';

const view = exampleView([exampleMember(1), exampleMember(2), exampleMember(3, { ipv4: null })]);
const two = examplePeer(2);
const three = examplePeer(3, { allowedIps: ['fd00:1::3/128'], handshakeAtMs: null });

const signsOf = (observed: VpnObserved, self = exampleSelf()) =>
  signs(plan(view, self, observed).state, observed, view, self);

test('wireguard-go is expected to say what it should have', () => {
  // Goal: any change of a peer shows. Method: two peers, one heard, in the words of the port.
  const expected = [
    `${exampleKey(1)} 7300`,
    `${exampleKey(3)} fd00:1::3/128 25 - silent`,
    `${exampleKey(2)} 10.10.0.2/32,fd00:1::2/128 25 - heard`,
  ].join('\n');
  const sign = { kind: 'wireguard-go', interface: 'cnsmo0', heardMs: 180_000 };
  assert.deepEqual(signsOf(exampleObserved([two, three])), [{ sign, expected }]);
});

test('the kernel is asked only for members that are heard and connected', () => {
  // Goal: nobody that is gone gets a packet. Method: heard and connected; each alone as the twin.
  const seen = new Map([2, 3].map((n) => [exampleId(n), { host: `192.0.2.${n}`, port: 7300 }]));
  const facts = { ...exampleFacts, hasKernelWireguard: true };
  const link = { kind: 'wireguard', isPersistent: false, isUp: true, mtu: 1420 };
  const observed = exampleObserved([two, three], { link });
  const both = signsOf(observed, exampleSelf({ facts, seen }));
  const to = [
    { host: '10.10.0.2', port: 7300 },
    { host: 'fd00:1::2', port: 7300 },
  ];
  assert.deepEqual(both, [{ sign: { kind: 'tunnels', to }, expected: '' }]);
  const none = signsOf(observed, exampleSelf({ facts }));
  assert.deepEqual(none, [{ sign: { kind: 'tunnels', to: [] }, expected: '' }]);
});

test('where there is nothing to look at there is no sign', () => {
  // Goal: no false alarm while it starts. Method: no interface; no place in the view.
  assert.deepEqual(signsOf(EXAMPLE_NOTHING), []);
  const observed = exampleObserved([two]);
  assert.deepEqual(signs(null, observed, view, exampleSelf()), []);
});
