/**
 * The firewall's rules on real nftables: two namespaces on one cable, `a` that asks and `b` that
 * filters, for `firewall-engine.test.ts`.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { View } from '../src/crdt/view.ts';
import { openHost } from '../src/node/linux/host.ts';
import type { HostResult } from '../src/ports.ts';
import { type Flow, judge } from '../src/services/firewall/judge.ts';
import { plan } from '../src/services/firewall/plan.ts';
import { summary } from '../src/services/firewall/report.ts';
import type { Direction } from '../src/services/firewall/schemas.table.ts';
import { lookAt, type NftHost, selfOf, settle } from '../src/services/firewall/test-host.ts';
import { laneOf, ruleOf, siteOf, viewOf } from '../src/services/firewall/test-policy.ts';
import { testFirewallTools } from '../src/services/firewall/tools-contract.ts';
import type { Zone } from '../src/services/selectors/schemas.table.ts';
import { memberOf, type Objects } from '../src/services/test-view.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import { openAsker, openServer, type Talker, type Verdict } from './talker.ts';

/** Addresses of `a`, and the ports at which `b` listens by TCP and answers by UDP. */
export const ASKERS = ['203.0.113.7', '203.0.113.130', '192.0.2.2', '2001:db8::2', '2001:db8::99'];
export const ANSWERER = { ip: '192.0.2.1', ip6: '2001:db8::1' } as const;
export const LISTENED = [22, 80, 443, 7300, 8080];

/** The mesh between them: a second cable, called as the VPN's interface is. */
export const MESH = {
  askers: ['10.10.0.2', '10.10.0.3', 'fd00:1::2'],
  answerer: { ip: '10.10.0.1', ip6: 'fd00:1::1' },
} as const;

const CABLES = [
  { name: 'eth0', lengths: [32, 32], goesTo: ['default', 'default'], a: ASKERS, b: ANSWERER },
  {
    ...{ name: 'cnsmo0', lengths: [16, 64], goesTo: ['10.10.0.0/16', 'fd00:1::/64'] },
    ...{ a: MESH.askers, b: MESH.answerer },
  },
] as const;

/** Each refusal is told, and not six to a peer and then one a second: icmp(7). */
const TELL_ALL = [
  'ip link set lo up',
  'echo 0 >/proc/sys/net/ipv4/icmp_ratemask',
  'echo 0 >/proc/sys/net/ipv6/icmp/ratelimit',
];

const SETUP = (side: 'a' | 'b'): string =>
  [
    ...TELL_ALL,
    ...CABLES.flatMap(({ name, lengths, goesTo, ...ends }) => [
      `until ip link show ${name} >/dev/null 2>&1; do sleep 0.05; done`,
      `ip link set ${name} up`,
      ...Object.values<string>(ends[side]).map((each) =>
        each.includes(':')
          ? `ip address add ${each}/${lengths[1]} dev ${name} nodad`
          : `ip address add ${each}/${lengths[0]} dev ${name}`,
      ),
      `ip route replace ${goesTo[0]} dev ${name}`,
      `ip -6 route replace ${goesTo[1]} dev ${name}`,
    ]),
  ].join('\n');

export interface FirewallStage {
  readonly a: Talker;
  readonly b: Namespace;
  /** Opens connections from `b`, to whatever `a` listens at. */
  readonly out: Talker;
  /** Makes the table as this policy has it, and looks whether it is. Unit of the clock: Unix ms. */
  settle(view: View): Promise<readonly string[]>;
  look(): Promise<string>;
  /** What a person there would be told, with this policy. */
  notes(view: View): Promise<readonly string[]>;
  /** How often rules decided, by their names, as the policy has them now. */
  packets(view: View): Promise<Readonly<Record<string, number>>>;
  /** Begins to make the table so, and kills nft after that long. */
  tear(view: View, afterMs: number): Promise<void>;
  end(): Promise<void>;
}

/** Opens the stage. */
export async function openFirewallStage(): Promise<FirewallStage> {
  const [a, b] = await Promise.all([
    openNamespace('network', 'true'),
    openNamespace('network', 'true'),
  ]);
  for (const { name } of CABLES) {
    await outside(
      ...['ip', 'link', 'add', name, 'netns', String(a.pid)],
      ...['type', 'veth', 'peer', 'name', name, 'netns', String(b.pid)],
    );
  }
  await a.must(['sh', '-ec', SETUP('a')]);
  await b.must(['sh', '-ec', SETUP('b')]);
  const talkers = await Promise.all([
    ...[openServer(b, LISTENED), openServer(a, LISTENED, [...ASKERS, ...MESH.askers])],
    ...[openAsker(a), openAsker(b)],
  ]);
  const [, , asker, out] = talkers as [Talker, Talker, Talker, Talker];
  return {
    a: asker,
    b,
    out,
    settle: (view) => settle(hostAt(b), view),
    look: () => b.must(['nft', '-s', 'list', 'ruleset']),
    notes: async (view) => {
      const { observed } = await lookAt(hostAt(b), view);
      return plan(view, selfOf(view, Date.now()), observed).notes ?? [];
    },
    packets: async (view) => {
      const { observed } = await lookAt(hostAt(b), view);
      const counts = summary(observed, view, selfOf(view, Date.now())).counts ?? {};
      const entries = Object.entries(counts).map(([path, { packets }]) => [
        path.slice('intent/firewall/'.length),
        packets,
      ]);
      return Object.fromEntries(entries) as Readonly<Record<string, number>>;
    },
    tear: (view, afterMs) => tear(b, view, afterMs),
    end: async () => {
      for (const talker of talkers) talker.end();
      await Promise.all([a.end(), b.end()]);
    },
  };
}

/** Has something done when the tests of the file are over. */
type After = (work: () => Promise<void>) => void;

/** Registers the contract of the firewall's tools, in a namespace where nothing is filtered yet. */
export const testFilter = (suite: Parameters<typeof testFirewallTools>[0], after: After): void =>
  testFirewallTools(suite, async () => {
    const at = await openNamespace('network', 'true');
    after(() => at.end());
    return { ...hostAt(at), wait: (durationMs) => wait(durationMs) };
  });

const host = openHost();

const outside = async (...argv: readonly string[]): Promise<void> => {
  const { status, stderr } = await host.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
};

const runIn = (at: Namespace, argv: readonly string[], stdin = ''): Promise<HostResult> =>
  host.run({ argv: at.enter(argv), stdin: new TextEncoder().encode(stdin) });

const hostAt = (at: Namespace): NftHost => ({
  run: (argv, stdin) => runIn(at, argv, stdin),
  wallMs: () => Date.now(),
});

async function tear(at: Namespace, view: View, afterMs: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cnsmo-tear-'));
  const file = join(directory, 'text');
  try {
    for (const { argv, text } of (await lookAt(hostAt(at), view)).steps) {
      writeFileSync(file, text);
      const [command = '', ...rest] = at.enter(argv);
      // A file, for nft opens its standard input by its path, and a socket has none.
      const stdin = openSync(file, 'r');
      const child = spawn(command, rest, { stdio: [stdin, 'ignore', 'ignore'] });
      closeSync(stdin);
      const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
      await new Promise((resolve) => child.once('close', resolve));
      clearTimeout(timer);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const members = [memberOf(1), memberOf(2, { role: 'web' })];

/** A view of two members, the second with `role=web`, and these objects. */
export const viewWith = (objects: Objects): View => viewOf(members, objects);

/** A rule of the wan. */
export const wan = (fields: Objects): Objects[string] => ruleOf({ zone: 'wan', ...fields });

/** What the reference says of connections that come in from the wan, or go as they say. */
export const referenceOf = (
  view: View,
  zone: Zone = 'wan',
  direction: Direction = 'in',
): ((flow: Flow) => Verdict) => {
  const lane = laneOf(siteOf(view), zone, direction);
  return (flow) => VERDICTS[judge(lane, flow).action];
};

const VERDICTS = { allow: 'accept', deny: 'drop', reject: 'reject' } as const;
