import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../service.ts';
import { diff } from './diff.ts';
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
import type { VpnObserved } from './state.ts';

const view = exampleView([exampleMember(1), exampleMember(2), exampleMember(3)]);
const kernel = exampleSelf({ facts: { ...exampleFacts, hasKernelWireguard: true } });

const render = (command: Command): string => {
  if (command.kind !== 'run') return `${command.kind} ${command.process}`;
  return [...command.argv, ...(command.stdin === undefined ? [] : ['< secret'])].join(' ');
};

const commandsFor = (
  observed: VpnObserved,
  self = exampleSelf(),
  members = view,
): readonly string[] => diff(plan(members, self, observed).state, observed).map(render);

const [key2, key3, key9] = [exampleKey(2), exampleKey(3), exampleKey(9)];
const inStep = [examplePeer(2), examplePeer(3)];
const device = { publicKey: exampleKey(1), port: 7300, peers: inStep };

test('a kernel interface is made whole in one pass', () => {
  // Goal: order and arguments. Method: from nothing, golden argv.
  assert.deepEqual(commandsFor(EXAMPLE_NOTHING, kernel), [
    'ip link add dev cnsmo0 type wireguard',
    'wg set cnsmo0 private-key /dev/stdin listen-port 7300 < secret',
    'ip link set dev cnsmo0 mtu 1420 up',
    'ip address add 10.10.0.1/16 dev cnsmo0',
    'wg set cnsmo0' +
      ` peer ${key2} allowed-ips 10.10.0.2/32,fd00:1::2/128` +
      ' endpoint 192.0.2.2:7300 persistent-keepalive 25' +
      ` peer ${key3} allowed-ips 10.10.0.3/32,fd00:1::3/128` +
      ' endpoint 192.0.2.3:7300 persistent-keepalive 25',
    'ip address add fd00:1::1/64 dev cnsmo0',
  ]);
});

test('wireguard-go is started first, and the rest waits for its interface', () => {
  // Goal: no command for an interface that is not there. Method: nothing, then a mute tun, then it.
  assert.deepEqual(commandsFor(EXAMPLE_NOTHING), ['start wireguard-cnsmo0']);
  const mute = exampleObserved([], { device: null });
  assert.deepEqual(commandsFor(mute), ['start wireguard-cnsmo0']);
  const empty = { publicKey: null, port: 0, peers: [] };
  assert.equal(commandsFor(exampleObserved([], { device: empty, addresses: [] })).length, 4);
});

test('what is made has its undo', () => {
  // Goal: leave restores the VM. Method: the two makers, their commands whole.
  assert.deepEqual(diff(plan(view, kernel, EXAMPLE_NOTHING).state, EXAMPLE_NOTHING)[0], {
    kind: 'run',
    argv: ['ip', 'link', 'add', 'dev', 'cnsmo0', 'type', 'wireguard'],
    undo: { 'vpn-link': { kind: 'run', argv: ['ip', 'link', 'delete', 'dev', 'cnsmo0'] } },
  });
  assert.deepEqual(diff(plan(view, exampleSelf(), EXAMPLE_NOTHING).state, EXAMPLE_NOTHING)[0], {
    kind: 'start',
    process: 'wireguard-cnsmo0',
    argv: ['bundled:wireguard-go', '-f', 'cnsmo0'],
    env: { WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' },
    undo: { 'vpn-link': { kind: 'stop', process: 'wireguard-cnsmo0' } },
  });
});

const DRIFTS: readonly (readonly [string, VpnObserved, readonly string[]])[] = [
  ['in step', exampleObserved(inStep), []],
  [
    'another key and port',
    exampleObserved(inStep, { device: { ...device, publicKey: key9, port: 1 } }),
    ['wg set cnsmo0 private-key /dev/stdin listen-port 7300 < secret'],
  ],
  [
    'another port',
    exampleObserved(inStep, { device: { ...device, port: 1 } }),
    ['wg set cnsmo0 listen-port 7300'],
  ],
  [
    'down',
    exampleObserved(inStep, {
      link: { kind: 'tun', isPersistent: false, isUp: false, mtu: 1420 },
    }),
    ['ip link set dev cnsmo0 up'],
  ],
  [
    'another MTU',
    exampleObserved(inStep, { link: { kind: 'tun', isPersistent: false, isUp: true, mtu: 1280 } }),
    ['ip link set dev cnsmo0 mtu 1420'],
  ],
  [
    'no addresses',
    exampleObserved(inStep, { addresses: [] }),
    ['ip address add 10.10.0.1/16 dev cnsmo0', 'ip address add fd00:1::1/64 dev cnsmo0'],
  ],
  [
    'a foreign address and none of ours',
    exampleObserved(inStep, { addresses: ['10.10.9.9/16', 'fd00:1::1/64'] }),
    ['ip address delete 10.10.9.9/16 dev cnsmo0', 'ip address add 10.10.0.1/16 dev cnsmo0'],
  ],
  [
    'a peer missing',
    exampleObserved([examplePeer(2)]),
    [
      `wg set cnsmo0 peer ${key3} allowed-ips 10.10.0.3/32,fd00:1::3/128` +
        ' endpoint 192.0.2.3:7300 persistent-keepalive 25',
    ],
  ],
  [
    'a stranger that holds an address of ours',
    exampleObserved([
      examplePeer(2, { allowedIps: ['fd00:1::2/128'] }),
      examplePeer(3),
      examplePeer(9, { allowedIps: ['10.10.0.2/32'] }),
    ]),
    [`wg set cnsmo0 peer ${key9} remove` + ` peer ${key2} allowed-ips 10.10.0.2/32,fd00:1::2/128`],
  ],
  [
    'a preshared key, no keepalive',
    exampleObserved([examplePeer(2, { hasPresharedKey: true, keepaliveS: 0 }), examplePeer(3)]),
    [`wg set cnsmo0 peer ${key2} preshared-key /dev/null persistent-keepalive 25`],
  ],
  [
    'a peer that roamed and is heard',
    exampleObserved([examplePeer(2, { endpoint: '203.0.113.9:4000' }), examplePeer(3)]),
    [],
  ],
  [
    'a peer that is heard no more',
    exampleObserved([
      examplePeer(2, { endpoint: '203.0.113.9:4000', handshakeAtMs: null }),
      examplePeer(3),
    ]),
    [`wg set cnsmo0 peer ${key2} endpoint 192.0.2.2:7300`],
  ],
];

test('each drift is repaired by the one change that it needs', () => {
  // Goal: per-peer changes, never a replaced set. Method: golden argv by table.
  for (const [why, observed, expected] of DRIFTS) {
    assert.deepEqual(commandsFor(observed), expected, why);
  }
});

test('the loser of a tie gives up its IPv4 address', () => {
  // Goal: two members never answer to one address. Method: our own address is null.
  const members = exampleView([exampleMember(1, { ipv4: null }), exampleMember(2)]);
  assert.deepEqual(commandsFor(exampleObserved([examplePeer(2)]), exampleSelf(), members), [
    'ip address delete 10.10.0.1/16 dev cnsmo0',
  ]);
});

test('nothing is done without a plan', () => {
  // Goal: problems that forbid commands forbid all. Method: a foreign interface.
  const foreign = exampleObserved([], {
    link: { kind: 'bridge', isPersistent: false, isUp: true, mtu: 1500 },
  });
  assert.deepEqual(commandsFor(foreign), []);
});

test('many peers are spread over several commands', () => {
  // Goal: no command line grows without bound. Method: 150 members on a bare interface.
  const members = Array.from({ length: 150 }, (_, n) =>
    exampleMember(n % 200, {
      wgKey: Uint8Array.from({ length: 32 }, (_byte, at) => (at === 0 ? n : 7)),
    }),
  );
  const commands = commandsFor(exampleObserved([]), exampleSelf(), exampleView(members));
  const sets = commands.filter((command) => command.includes(' peer '));
  assert.deepEqual(
    sets.map((command) => command.split(' peer ').length - 1),
    [100, 49],
  );
});
