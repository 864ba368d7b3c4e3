/**
 * Rule: vpn tools contract — what `ip`, `wg` and `nft` do to an interface of wireguard-go, as far
 * as the VPN relies on it: on a real host and on the simulator's, so that the fake tells the truth.
 *
 * Everything is seen through the VPN's own probes and rules.
 */
import { base64 } from '@scure/base';
import type { HostResult, Net } from '../../ports.ts';
import type { Command, Results, Self } from '../service.ts';
import { diff } from './diff.ts';
import {
  exampleFacts,
  exampleId,
  exampleKey,
  exampleMember,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { signs } from './signs.ts';
import type { VpnObserved } from './state.ts';

/** A host with an uplink, 192.0.2.1, and a fresh interface of wireguard-go that answers `wg`. */
export interface ToolHost {
  readonly interface: string;
  run(argv: readonly string[], stdin: string): Promise<HostResult>;
  glance: Net['glance'];
  /** The public key of a private one. */
  wgPublicKey(privateKey: Uint8Array): Uint8Array;
}

/** What the suite needs of a test runner. */
interface Suite {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly assert: { deepEqual(actual: unknown, expected: unknown, message?: string): void };
}

/** Registers the suite. */
export function testVpnTools({ test, assert }: Suite, open: () => Promise<ToolHost>): void {
  test('vpn tools: each command does what the next look sees', async () => {
    // Goal: both hosts tell the same story. Method: from nothing to whole, each thing taken away
    // and made good by the VPN's own commands, and what is seen after each step.
    const host = await open();
    const world = worldOf(host);
    const { look, obey, refuses } = world;
    const fresh = await look();
    assert.deepEqual([fresh.link?.kind, fresh.link?.isUp], ['tun', false]);
    assert.deepEqual([fresh.addresses, fresh.routes, fresh.table.kind], [[], [], 'missing']);

    await world.mend();
    const whole = await look();
    assert.deepEqual(world.commandsFor(whole), []);
    assert.deepEqual(whole.addresses, ['10.10.0.1/16', 'fd00:1::1/64']);
    assert.deepEqual(mainRoutes(whole), ['10.10.0.0/16', 'fd00:1::/64']);
    assert.deepEqual([whole.link?.isUp, whole.link?.mtu], [true, 1420]);
    assert.deepEqual(whole.paths['10.10.0.2']?.interface, host.interface);
    assert.deepEqual(whole.paths['fd00:1::2']?.interface, host.interface);
    assert.deepEqual(whole.paths['192.0.2.2']?.interface === host.interface, false);
    const [expected] = signs(world.desired(whole), whole, world.view, world.self);
    assert.deepEqual(expected === undefined, false);
    if (expected === undefined) return;
    assert.deepEqual(await host.glance(expected.sign), expected.expected);

    for (const { wrong, found } of editsOf(host.interface)) {
      await obey(wrong);
      const seen = await look();
      const words = world.commandsFor(seen).flatMap(foundIn);
      assert.deepEqual(words, found, wrong);
      const isSame = (await host.glance(expected.sign)) === expected.expected;
      assert.deepEqual(isSame, !/ peer /.test(wrong), `the sign after ${wrong}`);
      await world.mend();
      assert.deepEqual(still(await look()), still(whole), `mended after ${wrong}`);
    }
    await obey(renewalOf(host.interface));
    assert.deepEqual(still(await look()), still(whole), 'taken away and put back');
    for (const wrong of refusedOf(host.interface))
      assert.deepEqual(await refuses(wrong), true, wrong);

    const removal = `ip link delete dev ${host.interface}`;
    await obey(removal);
    assert.deepEqual((await look()).link, null);
    assert.deepEqual(await refuses(removal), true);
  });
}

interface Edit {
  readonly wrong: string;
  readonly found: readonly string[];
}

/** What a hand may do, and what is found after it. */
const editsOf = (name: string): readonly Edit[] => [
  {
    wrong: `ip address delete 10.10.0.1/16 dev ${name}`,
    found: ['address 10.10.0.1/16 was missing'],
  },
  {
    wrong: `ip -4 route delete 10.10.0.0/16 dev ${name}`,
    found: ['route 10.10.0.0/16 was missing'],
  },
  { wrong: `ip -6 route delete fd00:1::/64 dev ${name}`, found: ['route fd00:1::/64 was missing'] },
  { wrong: `ip link set dev ${name} mtu 1300`, found: [`the MTU of ${name} was 1300`] },
  {
    wrong: `ip link set dev ${name} down`,
    found: [`${name} was down`, 'address fd00:1::1/64 was missing'],
  },
  { wrong: 'nft delete table inet cnsmo_vpn', found: ['table inet cnsmo_vpn was missing'] },
  { wrong: `wg set ${name} peer ${exampleKey(2)} remove`, found: ['peer vm-2 was missing'] },
  {
    wrong: `wg set ${name} peer ${exampleKey(2)} allowed-ips 10.10.0.2/32`,
    found: ['peer vm-2 had other addresses'],
  },
];

/** A peer is taken away and put back, in one command (`diff.ts`). */
const renewalOf = (name: string): string =>
  `wg set ${name} peer ${exampleKey(2)} remove peer ${exampleKey(2)} ` +
  'allowed-ips 10.10.0.2/32,fd00:1::2/128 endpoint 192.0.2.2:7300 persistent-keepalive 25';

/** What the tools refuse. */
const refusedOf = (name: string): readonly string[] => [
  `ip address add 10.10.0.1/16 dev ${name}`,
  `ip address delete 10.10.0.9/16 dev ${name}`,
  `ip -4 route add 10.10.0.0/16 dev ${name} proto kernel scope link src 10.10.0.1`,
  'ip address add 10.10.0.1/16 dev nothing0',
  'wg show nothing0 dump',
  'nft -j list table inet cnsmo_vpn_not',
];

const foundIn = (command: Command): readonly string[] =>
  command.kind === 'stop' ? [] : (command.found ?? []);

const mainRoutes = ({ routes }: VpnObserved): readonly string[] =>
  routes.filter(({ table }) => table === 'main').map(({ prefix }) => prefix);

/** What does not change by itself. */
const still = ({ link, addresses, device, table, ...rest }: VpnObserved) => ({
  ...{
    link,
    addresses: addresses.toSorted(),
    table,
    routes: mainRoutes(rest as VpnObserved).toSorted(),
  },
  peers: device?.peers.map(({ publicKey, allowedIps, keepaliveS }) => [
    ...[publicKey, allowedIps, keepaliveS],
  ]),
});

const PRIVATE_KEY = new Uint8Array(32).fill(7);

function worldOf(host: ToolHost) {
  const own = exampleMember(1, { wgKey: host.wgPublicKey(PRIVATE_KEY) });
  const view = exampleView([own, exampleMember(2)]);
  const self: Self = exampleSelf({
    id: exampleId(1),
    interface: host.interface,
    facts: exampleFacts,
  });
  const look = async (): Promise<VpnObserved> => {
    const results: Record<string, HostResult> = {};
    for (;;) {
      const next = probes(self, view, results as Results).find(({ name }) => !(name in results));
      if (next === undefined) break;
      results[next.name] = await host.run(next.argv, next.stdin ?? '');
    }
    const { state, problems } = read(results, self);
    if (problems.length > 0) throw new Error(problems.join('; '));
    return state;
  };
  const desired = (observed: VpnObserved) => plan(view, self, observed).state;
  const commandsFor = (observed: VpnObserved) => diff(desired(observed), observed);
  const run = (line: string): Promise<HostResult> => host.run(line.split(' '), '');
  return {
    view,
    self,
    look,
    desired,
    commandsFor,
    obey: async (line: string): Promise<void> => {
      const { status, stderr } = await run(line);
      if (status !== 0) throw new Error(`${line}: ${stderr}`);
    },
    refuses: async (line: string): Promise<boolean> => (await run(line)).status !== 0,
    /** Runs what the VPN would run, until nothing is left. */
    mend: async (): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        for (const command of commandsFor(await look())) {
          if (command.kind !== 'run') throw new Error(`not expected: ${command.kind}`);
          const { argv, stdin } = command;
          const text = stdin !== undefined && 'text' in stdin ? stdin.text : '';
          const input =
            stdin !== undefined && 'secret' in stdin ? base64.encode(PRIVATE_KEY) : text;
          const { status, stderr } = await host.run(argv, `${input}\n`);
          if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
        }
      }
    },
  };
}
