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
import type { ObservedLink, VpnObserved } from './state.ts';

const view = exampleView([
  exampleMember(1),
  exampleMember(2),
  exampleMember(3, { ipv4: null, endpoints: null }),
  exampleMember(4, { hasLeft: true }),
]);

test('every member but ourselves and the departed is a peer', () => {
  // Goal: the whole desired state. Method: a mesh of four on a fresh VM, compared whole.
  const { state, problems, recheckMs } = plan(view, exampleSelf(), EXAMPLE_NOTHING);
  assert.deepEqual(problems, []);
  assert.equal(recheckMs, 200);
  assert.deepEqual(state, {
    interface: 'cnsmo0',
    engine: 'wireguard-go',
    publicKey: exampleKey(1),
    port: 7300,
    mtu: 1420,
    addresses: ['10.10.0.1/16', 'fd00:1::1/64'],
    routes: [
      { prefix: '10.10.0.0/16', address: '10.10.0.1/16' },
      { prefix: 'fd00:1::/64', address: 'fd00:1::1/64' },
    ],
    isClamped: true,
    peers: [
      {
        name: 'vm-2',
        publicKey: exampleKey(2),
        allowedIps: ['10.10.0.2/32', 'fd00:1::2/128'],
        endpoint: '192.0.2.2:7300',
        keepaliveS: 25,
        isRenewed: false,
      },
      {
        name: 'vm-3',
        publicKey: exampleKey(3),
        allowedIps: ['fd00:1::3/128'],
        endpoint: null,
        keepaliveS: 0,
        isRenewed: false,
      },
    ],
  });
});

test('a member that nobody hears stays a peer', () => {
  // Goal: absence never removes. Method: no handshake, no connection, a view as old as a year.
  const silent = exampleObserved([examplePeer(2, { handshakeAtMs: null, endpoint: null })]);
  const { state } = plan(view, exampleSelf({ viewAgeMs: 31_536_000_000 }), silent);
  assert.ok(state?.peers.some(({ publicKey }) => publicKey === exampleKey(2)));
  // And its twin: one that said it leaves goes, however well it is heard.
  const heard = exampleObserved([examplePeer(4)]);
  const after = plan(view, exampleSelf(), heard).state;
  assert.ok(!after?.peers.some(({ publicKey }) => publicKey === exampleKey(4)));
});

const kernel = exampleSelf({ facts: { ...exampleFacts, hasKernelWireguard: true } });
const linkOf = (kind: string): ObservedLink => ({
  kind,
  isPersistent: false,
  isUp: true,
  mtu: 1420,
});

test('the kernel is the engine where it can be, unless another one runs', () => {
  // Goal: no session is cut for a better engine. Method: facts and kind of the link, by table.
  const engineOf = (self: typeof kernel, observed: VpnObserved) =>
    plan(view, self, observed).state?.engine;
  assert.equal(engineOf(kernel, EXAMPLE_NOTHING), 'kernel');
  assert.equal(engineOf(exampleSelf(), EXAMPLE_NOTHING), 'wireguard-go');
  assert.equal(engineOf(kernel, exampleObserved([])), 'wireguard-go');
  const made = exampleObserved([], { link: linkOf('wireguard') });
  assert.equal(engineOf(exampleSelf(), made), 'kernel');
});

const stranger = { publicKey: exampleKey(9), port: 51820, peers: [] };
const FOREIGN = [
  ['a dummy', true, { link: linkOf('dummy'), device: null }, /is a dummy device that CNSMO/],
  ['a card', true, { link: linkOf(''), device: null }, /is a device that CNSMO did not make/],
  [
    'a lasting tun',
    true,
    { link: { ...linkOf('tun'), isPersistent: true }, device: null },
    /is a tun device that CNSMO did not make/,
  ],
  ['a tun', false, { link: linkOf('tun'), device: null }, /is a tun device of another program/],
  [
    'a WireGuard',
    false,
    { link: linkOf('wireguard'), device: stranger },
    /cnsmo0: is a wireguard device of another program; remove it, or choose/,
  ],
  ['ours, mute', true, { link: linkOf('wireguard'), device: null }, /does not answer wg/],
] as const;

test('an interface that this node did not make is named and left alone', () => {
  // Goal: never overwrite. Method: foreign kinds by table; no state means no command.
  for (const [why, isMade, changes, expected] of FOREIGN) {
    const self = exampleSelf({ made: new Set(isMade ? ['vpn-link'] : []) });
    const found = plan(view, self, exampleObserved([], changes));
    assert.equal(found.state, null, why);
    assert.match(found.problems.join(), expected, why);
  }
});

test('an interface with our key, or made by us, is ours', () => {
  // Goal: the twin of the test above. Method: the same shapes with our key or our ledger entry.
  const unmade = exampleSelf({ made: new Set() });
  assert.notEqual(plan(view, unmade, exampleObserved([])).state, null);
  const rekeyed = exampleObserved([], { device: stranger });
  assert.notEqual(plan(view, exampleSelf(), rekeyed).state, null);
  const starting = exampleObserved([], { device: null });
  assert.deepEqual(plan(view, exampleSelf(), starting).problems, []);
});

test('without a place in the view nothing is touched', () => {
  // Goal: the last good configuration stays, and the reason is true. Method: a view that does not
  // hold this VM yet, and one that has evicted it.
  const view = exampleView([exampleMember(2)]);
  const self = exampleSelf();
  const early = plan(view, self, EXAMPLE_NOTHING);
  assert.equal(early.state, null);
  assert.match(early.problems.join(), /not a member in the state held here; waiting/);
  const late = plan({ ...view, evicted: [self.id] }, self, EXAMPLE_NOTHING);
  assert.equal(late.state, null);
  assert.match(late.problems.join(), /this VM is no longer a member; nothing is added/);
});

test('a VM that lost the tie for its IPv4 address is told and keeps IPv6', () => {
  // Goal: one family less, not none. Method: our own address is null.
  const found = plan(
    exampleView([exampleMember(1, { ipv4: null }), exampleMember(2)]),
    exampleSelf(),
    exampleObserved([]),
  );
  assert.deepEqual(found.state?.addresses, ['fd00:1::1/64']);
  assert.match(found.problems.join(), /vm-1: its IPv4 address belongs to another/);
});

test('of two members with one WireGuard key the second is left out and named', () => {
  // Goal: the engine knows a peer by its key alone. Method: keys of ours and of another, repeated.
  const same = exampleView([
    exampleMember(1),
    exampleMember(2),
    exampleMember(3, { wgKey: exampleMember(2).wgKey }),
    exampleMember(4, { wgKey: exampleMember(1).wgKey }),
  ]);
  const { state, problems } = plan(same, exampleSelf(), exampleObserved([]));
  assert.deepEqual(
    state?.peers.map(({ publicKey }) => publicKey),
    [exampleKey(2)],
  );
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /vm-3: has the WireGuard key of vm-2/);
  assert.match(problems[1] ?? '', /vm-4: has the WireGuard key of vm-1/);
});

test('without nft the tunnels are made, and a note says what is missing', () => {
  // Goal: the least part never holds up the rest. Method: each way in which it may be missing.
  for (const [table, expected] of [
    [{ kind: 'no-tool' }, /^tool: nft: not found.*install the package nftables/],
    [{ kind: 'refused', why: 'Not permitted' }, /^nft: Not permitted, so forwarded TCP flows/],
  ] as const) {
    const found = plan(view, exampleSelf(), { ...EXAMPLE_NOTHING, table });
    assert.deepEqual([found.state?.isClamped, found.problems], [false, []]);
    assert.match(found.notes?.join() ?? '', expected);
  }
  const { notes, state } = plan(view, exampleSelf(), EXAMPLE_NOTHING);
  assert.deepEqual([notes, state?.isClamped], [[], true]);
});
