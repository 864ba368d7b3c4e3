/**
 * The balancer's table on real nftables, for `lb-engine.test.ts`: `vm1` balances over `vm2` and
 * `vm3`, behind a cable called as the VPN's interface is; a stranger asks from outside, a guest of
 * vm1 from behind a bridge.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openHost } from '../src/node/linux/host.ts';
import type { HostResult } from '../src/ports.ts';
import { targetKey } from '../src/services/lb/checks.ts';
import type { BalancerRecord } from '../src/services/lb/schemas.table.ts';
import { sightsOf } from '../src/services/lb/sights.ts';
import { selfOf, viewOf, WEB } from '../src/services/lb/test-balancers.ts';
import { lookAt } from '../src/services/lb/test-host.ts';
import { testLbTools } from '../src/services/lb/tools-contract.ts';
import { wayName } from '../src/services/lb/ways.ts';
import type { Sights } from '../src/services/loop.ts';
import { idOf, memberOf, type Objects } from '../src/services/test-view.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import { openAsker, openNamed, type Talker } from './talker.ts';

/** Where the balancer is found: its virtual addresses, and vm1's other ones. */
export const VIRTUAL = { ipv4: '10.10.7.7', ipv6: 'fd00:1::7777' } as const;
export const OUTER = { ipv4: '203.0.113.1', ipv6: '2001:db8::1' } as const;

/** Who asks, from where. */
export type Asking = 'vm1' | 'vm2' | 'guest' | 'stranger';

export interface LbStage {
  readonly vm1: Namespace;
  readonly askers: Readonly<Record<Asking, Talker>>;
  /** Makes the table of vm1 so, and what is then not as it should be. `sights`: of its loop. */
  settle(objects: Objects, sights?: readonly Sight[]): Promise<readonly string[]>;
  /** What vm1 tells of its backends, by the names of sights. */
  sights(objects: Objects): Promise<Readonly<Record<string, string>>>;
  /** Whether a server takes any packet. */
  hush(n: 2 | 3, isHushed: boolean): Promise<void>;
  /** Waits until it did not take one. */
  untilMissed(n: 2 | 3): Promise<void>;
  /** What so many connections in a row were told: `vm2 10.10.0.1 8080`, or a verdict. */
  who(by: Asking, to: string, port: number, times: number): Promise<readonly string[]>;
  /** The same of vm1, from this port of its own. */
  fromPort(port: number, to: string, at: number): Promise<string>;
  /** The same of one that has time. */
  whoAtLast(by: Asking, to: string, port: number): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** Ports at which the servers answer. */
const PORTS = [8_080, 3_000, 3_001, 20_000];

const MEMBERS = [memberOf(1), memberOf(2, { role: 'web' }), memberOf(3, { role: 'web' })];

const host = openHost();

const SERVER = (n: number): string => `
ip link set lo up
until ip link show cnsmo0 >/dev/null 2>&1; do sleep 0.05; done
ip link set cnsmo0 up
ip address add 10.10.0.${n}/16 dev cnsmo0
ip address add fd00:1::${n}/64 dev cnsmo0 nodad`;

/** Beside vm1, whose addresses are `via`. */
const aside = (at: readonly [string, string], via: readonly [string, string]): string => `
ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip link set eth0 up
ip address add ${at[0]}/24 dev eth0
ip address add ${at[1]}/64 dev eth0 nodad
ip route add default via ${via[0]}
ip -6 route add default via ${via[1]}`;

const GUEST = aside(['172.30.0.2', 'fd00:30::2'], ['172.30.0.1', 'fd00:30::1']);
const STRANGER = aside(['203.0.113.7', '2001:db8::7'], [OUTER.ipv4, OUTER.ipv6]);

const BALANCING = `
ip link set lo up
ip link add cnsmo0 type bridge
ip link set cnsmo0 up
for port in to2 to3; do
  until ip link show $port >/dev/null 2>&1; do sleep 0.05; done
  ip link set $port master cnsmo0 up
done
ip address add 10.10.0.1/16 dev cnsmo0
ip address add fd00:1::1/64 dev cnsmo0 nodad
for link in eth0 docker0; do
  until ip link show $link >/dev/null 2>&1; do sleep 0.05; done
  ip link set $link up
done
ip address add ${OUTER.ipv4}/24 dev eth0
ip address add ${OUTER.ipv6}/64 dev eth0 nodad
ip address add 172.30.0.1/24 dev docker0
ip address add fd00:30::1/64 dev docker0 nodad
echo 0 >/proc/sys/net/ipv4/icmp_ratemask`;

/** A balancer over vm2 and vm3, with these changes. */
export const web = (changes: object = {}, name = 'web'): Objects => ({
  [`balancer/${name}`]: { ...WEB, ...changes },
});

/** Member number `n` takes no new connection of it. */
export const drained = (n: number): Objects => ({
  [`drain/${idOf(n)}`]: { balancers: { web: { sinceMs: 1 } } },
});

/** How often each was said. */
export const counted = (said: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(said, (text) => text)].map(([text, all]) => [text, all.length]),
  );

/** What the loop sees: its name, and a text. */
type Sight = readonly [name: string, text: string];

/** By its probes member number `n` is down as a backend of `web` with these changes, and why. */
export const down = (n: number, why: string, changes: object = {}): Sight => [
  targetKey(idOf(n), { ...WEB, ...changes }),
  `down ${why}`,
];

/** By its probes both are up again: what the kernel has of them counts until then. */
export const up = (changes: object = {}): readonly Sight[] =>
  [2, 3].map((n) => [targetKey(idOf(n), { ...WEB, ...changes }), 'up']);

/** Its time is over to end what it has of `web`. */
export const over = (n: number, changes: object = {}): Sight => [
  wayName(VIRTUAL, { ...WEB, ...changes } as unknown as BalancerRecord, memberOf(n)),
  '',
];

/** Means member number `n`. */
export const only = (n: number) => ({ kind: 'member', id: idOf(n) });

/** Opens the stage. */
export async function openLbStage(): Promise<LbStage> {
  const [vm1, vm2, vm3, guest, stranger] = (await Promise.all(
    Array.from({ length: 5 }, () => openNamespace('network', 'true')),
  )) as [Namespace, Namespace, Namespace, Namespace, Namespace];
  const cables = [
    ['to2', vm2, 'cnsmo0', SERVER(2)],
    ['to3', vm3, 'cnsmo0', SERVER(3)],
    ['docker0', guest, 'eth0', GUEST],
    ['eth0', stranger, 'eth0', STRANGER],
  ] as const;
  for (const [name, at, peer] of cables) {
    await outside(
      ...['ip', 'link', 'add', name, 'netns', String(vm1.pid)],
      ...['type', 'veth', 'peer', 'name', peer, 'netns', String(at.pid)],
    );
  }
  for (const [, at, , setup] of cables) await at.must(['sh', '-ec', setup]);
  await vm1.must(['sh', '-ec', BALANCING]);
  const [server2, server3, ...asking] = await Promise.all([
    openNamed(vm2, 'vm2', PORTS, ['10.10.0.2', 'fd00:1::2']),
    openNamed(vm3, 'vm3', PORTS, ['10.10.0.3', 'fd00:1::3']),
    ...[vm1, vm2, guest, stranger].map(openAsker),
  ]);
  const [a1, a2, a3, a4] = asking as [Talker, Talker, Talker, Talker];
  const askers = { vm1: a1, vm2: a2, guest: a3, stranger: a4 };
  return {
    ...{ vm1, askers },
    settle: (objects, sights = []) => settle(vm1, objects, new Map(sights)),
    sights: (objects) => sightsAt(vm1, objects),
    hush: async (n, isHushed) => {
      const at = n === 2 ? vm2 : vm3;
      await at.must(['nft', isHushed ? HUSH : 'delete table inet hush']);
    },
    untilMissed: async (n) => {
      const list = ['nft', 'list', 'table', 'inet', 'hush'];
      const endMs = Date.now() + 10_000;
      while (!/counter packets [1-9]/.test(await (n === 2 ? vm2 : vm3).must(list))) {
        if (Date.now() > endMs) throw new Error('it was sent nothing');
        await sleep(20);
      }
    },
    who: (by, to, port, times) => ask(askers[by], to, port, { times, wait: 900 }),
    fromPort: (port, to, at) => fromPort(vm1, port, to, at),
    whoAtLast: (by, to, port) => ask(askers[by], to, port, { times: 1, wait: 8_000 }),
    end: async () => {
      for (const talker of [server2, server3, ...asking]) talker.end();
      await Promise.all([vm1, vm2, vm3, guest, stranger].map((each) => each.end()));
    },
  };
}

/** One connection, which is given up soon. */
async function fromPort(at: Namespace, own: number, host: string, port: number): Promise<string> {
  const words = JSON.stringify({ host, port, localPort: own });
  const script = `const s = require('node:net').connect(${words});
    const end = (said) => { console.log(said); process.exit(); };
    s.once('data', (said) => end(String(said)));
    s.once('error', () => end('reject'));
    setTimeout(() => end('drop'), 700);`;
  return (await at.must([process.execPath, '-e', script])).trim();
}

async function ask(
  talker: Talker,
  destination: string,
  port: number,
  how: { readonly times: number; readonly wait: number },
): Promise<readonly string[]> {
  const question = { do: 'who', protocol: 'tcp', destination, port, ...how };
  return JSON.parse(await talker.ask(question)) as readonly string[];
}

/** Has something done when the tests of the file are over. */
type After = (work: () => Promise<void>) => void;

/** Registers the contract of the balancer's tools, in a namespace where nothing is balanced yet. */
export const testBalancer = (suite: Parameters<typeof testLbTools>[0], after: After): void =>
  testLbTools(suite, async () => {
    const at = await openNamespace('network', 'true');
    after(() => at.end());
    return { run: runIn(at), wait: (durationMs) => sleep(durationMs) };
  });

const HUSH =
  'table inet hush { chain input { type filter hook input priority 0; policy drop; ' +
  'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; counter; }; }';

async function sightsAt(
  at: Namespace,
  objects: Objects,
): Promise<Readonly<Record<string, string>>> {
  const view = viewOf(objects, MEMBERS);
  const { observed } = await lookAt(runIn(at), view, new Map());
  return sightsOf(view, selfOf(1), observed);
}

async function settle(at: Namespace, objects: Objects, sights: Sights): Promise<readonly string[]> {
  const view = viewOf(objects, MEMBERS);
  const run = runIn(at);
  for (const { argv, text } of (await lookAt(run, view, sights)).steps) {
    const { status, stderr } = await run(argv, text);
    if (status !== 0) throw new Error(`${stderr}\n${text.slice(0, 2_000)}`);
  }
  return (await lookAt(run, view, sights)).steps.flatMap(({ found }) => found);
}

const outside = async (...argv: readonly string[]): Promise<void> => {
  const { status, stderr } = await host.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
};

const runIn =
  (at: Namespace) =>
  (argv: readonly string[], stdin: string): Promise<HostResult> =>
    host.run({ argv: at.enter(argv), stdin: new TextEncoder().encode(stdin) });
