import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suite } from '../src/node/contract.ts';
import { testHostContract } from '../src/node/host-contract.ts';
import { testProcessContract } from '../src/node/process-contract.ts';
import type { Host } from '../src/ports.ts';
import { testFirewallTools } from '../src/services/firewall/tools-contract.ts';
import { testLbTools } from '../src/services/lb/tools-contract.ts';
import { testVpnTools } from '../src/services/vpn/tools-contract.ts';
import { openSettle, underBan } from './ban.ts';
import { stubCrypto } from './crypto.ts';
import { type HostContext, openHost } from './host.ts';
import { bootKernel } from './kernel.ts';
import { startLife } from './life.ts';
import { openProcess } from './process.ts';
import { openDice } from './random.ts';
import { openScheduler } from './scheduler.ts';
import { glanceAt } from './sign.ts';
import { openTrace } from './trace.ts';
import { openTunnels, type Tunnels } from './tunnel.ts';
import { openUnderlay } from './underlay.ts';

const scheduler = openScheduler(openSettle());
const CALM = {
  loss: 0,
  gossipLoss: 0,
  duplication: 0,
  reordering: 0,
  nearMs: 1,
  farMs: 20,
  jitterMs: 3,
};
const clock = { nowMs: scheduler.nowMs, wallMs: () => 1_767_225_600_000 + scheduler.nowMs() };

/** Two VMs, each in a site of its own. */
function openPair(): { contexts: readonly HostContext[]; tunnels: Tunnels; unknown: unknown[] } {
  const stations = ['east', 'west'].map((site, n) => ({
    vm: `vm${n}`,
    site,
    addresses: [`192.0.2.${n + 1}`],
    publicHost: null,
    isOn: true,
  }));
  const dice = openDice('host');
  const underlay = openUnderlay(dice, stations, CALM);
  const kernels = stations.map((station) => bootKernel(station, true, clock));
  const tunnels = openTunnels(scheduler, underlay, dice, kernels);
  const unknown: unknown[] = [];
  const onUnknown = (error: unknown): void => void unknown.push(error);
  const shared = { scheduler, trace: openTrace(), dice, crypto: stubCrypto, tunnels, onUnknown };
  return {
    contexts: kernels.map((kernel) => ({ ...shared, tools: { failing: 0, hanging: 0 }, kernel })),
    tunnels,
    unknown,
  };
}

const suite: Suite = {
  assert,
  test: (name, body) => {
    test(name, () => {
      // Goal: one test of the suite, on the virtual edge. Method: the scheduler drives it.
      return underBan(() => scheduler.drive(body()));
    });
  },
};

const first = (): HostContext => {
  const [context] = openPair().contexts;
  assert.ok(context);
  return context;
};

testHostContract(suite, async () => openHost(first(), startLife(scheduler, 'vm0')));

const host = first();
const monitors = new Map([
  ['two lines', ['one', 'two']],
  ['endless', ['one', null]],
]);
const none = { files: new Map(), answer: () => null };
const processes = {
  ...{ ...host, children: new Map(), files: new Map(), monitors },
  answer: (line: string, files: Readonly<Record<string, string>>) => files[line] ?? '',
};
testProcessContract(suite, {
  open: () => openProcess(processes, startLife(scheduler, 'vm0')),
  child: { name: 'any', argv: ['bundled:wireguard-go', '-f', 'wg9'], env: {} },
  reader: { name: 'reader', argv: ['bundled:wireguard-go', '-f', 'wg8'], env: {} },
  monitor: ['two lines'],
  endlessMonitor: ['endless'],
});

testVpnTools(suite, async () => {
  const context = first();
  const life = startLife(scheduler, 'vm0');
  const tools = openHost(context, life);
  const [name, children] = ['wg9', new Map()];
  const argv = ['bundled:wireguard-go', '-f', name];
  await openProcess({ ...context, ...none, children, monitors }, life).start({
    name: 'engine',
    argv,
    env: {},
  });
  await sleep(500);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    interface: name,
    run: (words, stdin) => tools.run({ argv: words, stdin: encode(stdin) }),
    glance: async (sign) => glanceAt(context.kernel, children, sign),
    wgPublicKey: stubCrypto.wgPublicKey,
  };
});

testFirewallTools(suite, async () => {
  const context = first();
  const tools = openHost(context, startLife(scheduler, 'vm0'));
  return {
    run: (words, stdin) => tools.run({ argv: words, stdin: new TextEncoder().encode(stdin) }),
    wallMs: clock.wallMs,
    wait: sleep,
  };
});

testLbTools(suite, async () => {
  const tools = openHost(first(), startLife(scheduler, 'vm0'));
  return {
    run: (words, stdin) => tools.run({ argv: words, stdin: new TextEncoder().encode(stdin) }),
    wait: sleep,
  };
});

/** Runs commands given as lines; a line may end in `< TEXT` for its standard input. */
async function runAll(target: Host, lines: readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const line of lines) {
    const [command = '', stdin = ''] = line.split(' < ');
    const input = new TextEncoder().encode(stdin);
    const result = await target.run({ argv: command.split(' '), stdin: input });
    statuses.push(result.status);
  }
  return statuses;
}

const keyOf = (n: number): string => Buffer.alloc(32, n).toString('base64');
const publicOf = (n: number): string =>
  Buffer.from(stubCrypto.wgPublicKey(new Uint8Array(32).fill(n))).toString('base64');

const setUp = (n: number, other: number): readonly string[] => [
  'ip link add dev wg0 type wireguard',
  `wg set wg0 private-key /dev/stdin listen-port 7300 < ${keyOf(n)}\n`,
  'ip link set dev wg0 mtu 1420 up',
  `ip address add 10.10.0.${n}/16 dev wg0`,
  `wg set wg0 peer ${publicOf(other)} allowed-ips 10.10.0.${other}/32`,
];

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => scheduler.after(durationMs, resolve));

test('two tunnels talk when one side knows the endpoint, and no longer without the peer', () =>
  underBan(() =>
    scheduler.drive(
      (async () => {
        // Goal: the rules of WireGuard that the product relies on. Method: step by step, each with
        // what must not work before it.
        const { contexts, tunnels, unknown } = openPair();
        const [a, b] = contexts;
        assert.ok(a && b);
        const [hostA, hostB] = [a, b].map((one) => openHost(one, startLife(scheduler, 'vm')));
        assert.ok(hostA && hostB);
        assert.deepEqual(await runAll(hostA, setUp(1, 2)), [0, 0, 0, 0, 0]);
        assert.deepEqual(await runAll(hostB, setUp(2, 1)), [0, 0, 0, 0, 0]);
        await sleep(10_000);
        assert.equal(tunnels.answerer(a.kernel, '10.10.0.2'), null);

        const meet = 'endpoint 192.0.2.2:7300 persistent-keepalive 25';
        await runAll(hostA, [`wg set wg0 peer ${publicOf(2)} ${meet}`]);
        await sleep(200);
        assert.ok(tunnels.answerer(a.kernel, '10.10.0.2'));
        assert.ok(tunnels.answerer(b.kernel, '10.10.0.1'));
        assert.equal(tunnels.answerer(a.kernel, '10.10.0.3'), null);
        const dump = await hostB.run({ argv: ['wg', 'show', 'wg0', 'dump'] });
        assert.match(dump.stdout, /\t192\.0\.2\.1:7300\t10\.10\.0\.1\/32\t17672256\d\d\t/);
        assert.equal(dump.stdout.includes(keyOf(2)), false);

        await runAll(hostB, [`wg set wg0 peer ${publicOf(1)} remove`]);
        assert.equal(tunnels.answerer(a.kernel, '10.10.0.2'), null);
        await runAll(hostB, [`wg set wg0 peer ${publicOf(1)} allowed-ips 10.10.0.1/32`]);
        assert.equal(tunnels.answerer(a.kernel, '10.10.0.2'), null);
        await sleep(30_000);
        assert.ok(tunnels.answerer(a.kernel, '10.10.0.2'));

        assert.deepEqual(await runAll(hostB, ['ip link delete dev wg0']), [0]);
        assert.equal(tunnels.answerer(a.kernel, '10.10.0.2'), null);
        assert.deepEqual(
          await runAll(hostB, ['ip link delete dev wg0', 'wg show wg0 dump']),
          [1, 1],
        );
        assert.deepEqual(unknown, []);
      })(),
    ),
  ));

test('a command that the fake does not know is told, not answered', () =>
  underBan(() =>
    scheduler.drive(
      (async () => {
        // Goal: no new command of the product passes unseen. Method: one word too many, per tool.
        for (const line of ['ip link show', 'wg syncconf wg0 /dev/stdin', 'nft list ruleset']) {
          const { contexts, unknown } = openPair();
          const [context] = contexts;
          assert.ok(context);
          void openHost(context, startLife(scheduler, 'vm'))
            .run({ argv: line.split(' ') })
            .catch(() => {});
          await sleep(50);
          assert.equal(unknown.length, 1, line);
        }
      })(),
    ),
  ));
