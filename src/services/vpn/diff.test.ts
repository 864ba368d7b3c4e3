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
  exampleRoute,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import type { VpnObserved } from './state.ts';

const view = exampleView([exampleMember(1), exampleMember(2), exampleMember(3)]);
const kernel = exampleSelf({ facts: { ...exampleFacts, hasKernelWireguard: true } });

const render = (command: Command): string => {
  if (command.kind !== 'run') return `${command.kind} ${command.process}`;
  const input = command.stdin !== undefined && 'secret' in command.stdin ? 'secret' : 'input';
  return [...command.argv, ...(command.stdin === undefined ? [] : [`< ${input}`])].join(' ');
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
    'nft -j -f - < input',
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
  // Goal: leave restores the VM, and deletes no interface of another key. Method: the two makers,
  // their commands whole.
  const argv = ['ip', 'link', 'delete', 'dev', 'cnsmo0'];
  const asked = ['wg', 'show', 'cnsmo0', 'public-key'];
  const only = { argv: asked, prints: [exampleKey(1), '(none)'] };
  assert.deepEqual(diff(plan(view, kernel, EXAMPLE_NOTHING).state, EXAMPLE_NOTHING)[0], {
    kind: 'run',
    argv: ['ip', 'link', 'add', 'dev', 'cnsmo0', 'type', 'wireguard'],
    found: ['interface cnsmo0 was missing'],
    undo: { 'vpn-link': { kind: 'run', argv, only } },
  });
  assert.deepEqual(diff(plan(view, exampleSelf(), EXAMPLE_NOTHING).state, EXAMPLE_NOTHING)[0], {
    kind: 'start',
    process: 'wireguard-cnsmo0',
    argv: ['bundled:wireguard-go', '-f', 'cnsmo0'],
    env: { WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' },
    found: ['interface cnsmo0 was missing'],
    undo: { 'vpn-link': { kind: 'stop', process: 'wireguard-cnsmo0' } },
  });
  const table = diff(plan(view, kernel, EXAMPLE_NOTHING).state, EXAMPLE_NOTHING).at(-1);
  assert.deepEqual(table?.kind === 'run' ? table.undo : null, {
    'vpn-table': { kind: 'run', argv: ['nft', 'delete', 'table', 'inet', 'cnsmo_vpn'] },
  });
});

test('an engine whose interface was given another name is started anew', () => {
  // Goal: a renamed interface is back. Method: an engine that answers, and our address elsewhere;
  // its twins are engines that are about to make the interface, and answer or not.
  const { device } = exampleObserved(inStep);
  const others = [{ interface: 'mine0', address: '10.10.0.1/16' }];
  const self = exampleSelf();
  const kinds = (observed: VpnObserved) =>
    diff(plan(view, self, observed).state, observed).map(({ kind }) => kind);
  assert.deepEqual(kinds({ ...EXAMPLE_NOTHING, device, others }), ['stop', 'start']);
  assert.deepEqual(kinds({ ...EXAMPLE_NOTHING, device }), ['start']);
  assert.deepEqual(kinds({ ...EXAMPLE_NOTHING, others }), ['start']);
  assert.deepEqual(kinds(EXAMPLE_NOTHING), ['start']);
});

interface Drift {
  readonly why: string;
  readonly observed: VpnObserved;
  readonly commands: readonly string[];
  readonly found: readonly string[];
}

const routed = exampleObserved(inStep);
const without = (prefix: string) => routed.routes.filter((route) => route.prefix !== prefix);
const linkOf = (isUp: boolean, mtu: number) => ({ kind: 'tun', isPersistent: false, isUp, mtu });

const DRIFTS: readonly Drift[] = [
  { why: 'in step', observed: exampleObserved(inStep), commands: [], found: [] },
  {
    why: 'another key and port',
    observed: exampleObserved(inStep, { device: { ...device, publicKey: key9, port: 1 } }),
    commands: ['wg set cnsmo0 private-key /dev/stdin listen-port 7300 < secret'],
    found: ['cnsmo0 had another key', 'cnsmo0 listened on port 1'],
  },
  {
    why: 'another port',
    observed: exampleObserved(inStep, { device: { ...device, port: 1 } }),
    commands: ['wg set cnsmo0 listen-port 7300'],
    found: ['cnsmo0 listened on port 1'],
  },
  {
    why: 'down: with it went its routes, which come back with it',
    observed: exampleObserved(inStep, { link: linkOf(false, 1420), routes: [] }),
    commands: ['ip link set dev cnsmo0 up'],
    found: ['cnsmo0 was down'],
  },
  {
    why: 'another MTU',
    observed: exampleObserved(inStep, { link: linkOf(true, 1280) }),
    commands: ['ip link set dev cnsmo0 mtu 1420'],
    found: ['the MTU of cnsmo0 was 1280'],
  },
  {
    why: 'no addresses, whose routes come with them',
    observed: exampleObserved(inStep, { addresses: [], routes: [] }),
    commands: ['ip address add 10.10.0.1/16 dev cnsmo0', 'ip address add fd00:1::1/64 dev cnsmo0'],
    found: ['address 10.10.0.1/16 was missing', 'address fd00:1::1/64 was missing'],
  },
  {
    why: 'a foreign address and none of ours',
    observed: exampleObserved(inStep, { addresses: ['10.10.9.9/16', 'fd00:1::1/64'] }),
    commands: [
      'ip address delete 10.10.9.9/16 dev cnsmo0',
      'ip address add 10.10.0.1/16 dev cnsmo0',
    ],
    found: ['address 10.10.9.9/16 stood on cnsmo0', 'address 10.10.0.1/16 was missing'],
  },
  {
    why: 'the IPv4 route gone alone',
    observed: exampleObserved(inStep, { routes: without('10.10.0.0/16') }),
    commands: ['ip -4 route add 10.10.0.0/16 dev cnsmo0 proto kernel scope link src 10.10.0.1'],
    found: ['route 10.10.0.0/16 was missing'],
  },
  {
    why: 'the IPv6 route gone alone',
    observed: exampleObserved(inStep, { routes: without('fd00:1::/64') }),
    commands: ['ip -6 route add fd00:1::/64 dev cnsmo0 proto kernel metric 256'],
    found: ['route fd00:1::/64 was missing'],
  },
  {
    why: 'a route of another program in the place of ours',
    observed: exampleObserved(inStep, {
      routes: [...without('10.10.0.0/16'), exampleRoute('10.10.0.0/16', 'eth1')],
    }),
    commands: [],
    found: [],
  },
  {
    why: 'the same route in a table that is not ours',
    observed: exampleObserved(inStep, {
      routes: [...without('10.10.0.0/16'), exampleRoute('10.10.0.0/16', 'cnsmo0', { table: '77' })],
    }),
    commands: ['ip -4 route add 10.10.0.0/16 dev cnsmo0 proto kernel scope link src 10.10.0.1'],
    found: ['route 10.10.0.0/16 was missing'],
  },
  {
    why: 'a peer missing',
    observed: exampleObserved([examplePeer(2)]),
    commands: [
      `wg set cnsmo0 peer ${key3} allowed-ips 10.10.0.3/32,fd00:1::3/128` +
        ' endpoint 192.0.2.3:7300 persistent-keepalive 25',
    ],
    found: ['peer vm-3 was missing'],
  },
  {
    why: 'a stranger that holds an address of ours',
    observed: exampleObserved([
      examplePeer(2, { allowedIps: ['fd00:1::2/128'] }),
      examplePeer(3),
      examplePeer(9, { allowedIps: ['10.10.0.2/32'] }),
    ]),
    commands: [
      `wg set cnsmo0 peer ${key9} remove peer ${key2} allowed-ips 10.10.0.2/32,fd00:1::2/128`,
    ],
    found: [
      `peer ${key9.slice(0, 8)}… was there and is no member`,
      'peer vm-2 had other addresses',
    ],
  },
  {
    why: 'a preshared key, no keepalive',
    observed: exampleObserved([
      examplePeer(2, { hasPresharedKey: true, keepaliveS: 0 }),
      examplePeer(3),
    ]),
    commands: [`wg set cnsmo0 peer ${key2} preshared-key /dev/null persistent-keepalive 25`],
    found: ['peer vm-2 had a preshared key', 'peer vm-2 had another keepalive'],
  },
  {
    why: 'a peer that roamed and is heard',
    observed: exampleObserved([examplePeer(2, { endpoint: '203.0.113.9:4000' }), examplePeer(3)]),
    commands: [],
    found: [],
  },
  {
    why: 'a peer that is heard no more: nobody did that',
    observed: exampleObserved([
      examplePeer(2, { endpoint: '203.0.113.9:4000', handshakeAtMs: null }),
      examplePeer(3),
    ]),
    commands: [`wg set cnsmo0 peer ${key2} endpoint 192.0.2.2:7300`],
    found: [],
  },
  {
    why: 'no table',
    observed: exampleObserved(inStep, { table: { kind: 'missing' } }),
    commands: ['nft -j -f - < input'],
    found: ['table inet cnsmo_vpn was missing'],
  },
  {
    why: 'another table under its name',
    observed: exampleObserved(inStep, { table: { kind: 'present', words: 'table' } }),
    commands: ['nft -j -f - < input'],
    found: ['table inet cnsmo_vpn was changed'],
  },
  {
    why: 'nft does not work here',
    observed: exampleObserved(inStep, { table: { kind: 'refused', why: 'Not permitted' } }),
    commands: [],
    found: [],
  },
];

test('each drift is repaired by the one change that it needs', () => {
  // Goal: per-peer changes, never a replaced set, words for people. Method: golden argv by table.
  for (const { why, observed, commands, found } of DRIFTS) {
    assert.deepEqual(commandsFor(observed), commands, why);
    const all = diff(plan(view, exampleSelf(), observed).state, observed);
    const words = all.flatMap((command) => (command.kind === 'stop' ? [] : (command.found ?? [])));
    assert.deepEqual(words, found, why);
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
    link: { ...linkOf(true, 1500), kind: 'bridge' },
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
