import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EXAMPLE_NOTHING,
  exampleFacts,
  exampleKey,
  exampleMember,
  exampleObserved,
  examplePeer,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import { later, signs } from './signs.ts';
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

const kernelFacts = { ...exampleFacts, hasKernelWireguard: true };
const kernelLink = { kind: 'wireguard', isPersistent: false, isUp: true, mtu: 1420 };

test('the kernel is asked for every peer, and for the port', () => {
  // Goal: a peer that a hand removes is missed, whether its member is there or gone. Method: one
  // heard, one that never was, none connected; and one of which no endpoint is known as the twin.
  const observed = exampleObserved([two, three], { link: kernelLink });
  const port = { sign: { kind: 'udp-port', port: 7300 }, expected: 'bound' };
  const to = [
    { host: '10.10.0.2', port: 7300 },
    { host: 'fd00:1::2', port: 7300 },
    { host: 'fd00:1::3', port: 7300 },
  ];
  const all = [{ sign: { kind: 'tunnels', to }, expected: '' }, port];
  assert.deepEqual(signsOf(observed, exampleSelf({ facts: kernelFacts })), all);
  const lost = { ...two, endpoint: null };
  const unsent = { sign: { kind: 'tunnels', to }, expected: '10.10.0.2 fd00:1::2' };
  const without = exampleObserved([lost, three], { link: kernelLink });
  const desired = plan(view, exampleSelf({ facts: kernelFacts }), observed).state;
  assert.deepEqual(signs(desired, without, view, exampleSelf()), [unsent, port]);
});

test('the kernel is not asked for who has left, nor for who shares a key', () => {
  // Goal: no alarm for a peer that is not to be. Method: each beside a member that is one.
  const left = exampleMember(3, { hasLeft: true });
  const twin = exampleMember(4, { wgKey: exampleMember(2).wgKey });
  const more = exampleView([exampleMember(1), exampleMember(2), left, twin]);
  const observed = exampleObserved([two], { link: kernelLink });
  const self = exampleSelf({ facts: kernelFacts });
  const [first] = signs(plan(more, self, observed).state, observed, more, self);
  const to = [
    { host: '10.10.0.2', port: 7300 },
    { host: 'fd00:1::2', port: 7300 },
  ];
  assert.deepEqual(first, { sign: { kind: 'tunnels', to }, expected: '' });
});

test('where there is nothing to look at there is no sign', () => {
  // Goal: no false alarm while it starts. Method: no interface; no place in the view.
  assert.deepEqual(signsOf(EXAMPLE_NOTHING), []);
  const observed = exampleObserved([two]);
  assert.deepEqual(signs(null, observed, view, exampleSelf()), []);
});

test('what was seen in step is in step later, as long as no sign says otherwise', () => {
  // Goal: news long after a look is no reason for another. Method: one heard and one never heard,
  // an hour later; the twin: the same without what renews itself.
  const observed = exampleObserved([two, three]);
  const self = exampleSelf();
  const hourOn = { ...self, wallMs: self.wallMs + 3_600_000 };
  const then = later(observed, 3_600_000);
  assert.deepEqual(signsOf(then, hourOn), signsOf(observed, self));
  assert.deepEqual(plan(view, hourOn, then).problems, plan(view, self, observed).problems);
  assert.notDeepEqual(signsOf(observed, hourOn), signsOf(observed, self));
});
