/**
 * Rule: test member — one member's firewall on a simulated kernel, for tests of several files.
 */
import assert from 'node:assert/strict';
import type { Kernel } from '../../../sim/kernel.ts';
import { runNft } from '../../../sim/nft-command.ts';
import type { Value } from '../../crdt/entry.ts';
import type { Hlc } from '../../crdt/hlc.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import type { Callers } from '../callers.ts';
import type { Probe, Self } from '../service.ts';
import { idOf, memberOf, type Objects } from '../test-view.ts';
import { boot } from './boot.ts';
import { diff } from './diff.ts';
import { generationIn } from './generation.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import type { FirewallObserved } from './state.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

/** When all stories begin, Unix ms. */
export const START_MS = 1_000_000;
/** A default that denies, a trial of it for a minute, and a rule that is there from the start. */
export const DENY = { action: 'deny' };
export const TRIAL = { seconds: 60, changes: [{ kind: 'default', name: 'wan-in', value: DENY }] };
export const RULE = { 'rule/web': ruleOf({ protocol: 'tcp', ports: [[80, 80]] }) };

const MEMBERS = [memberOf(1), memberOf(2), memberOf(3)];

/** What a test may change of the member's surroundings; `unreached`: what new connections find. */
const surroundings = () => ({
  nowMs: 0,
  /** When the daemon began, by the same clock; and what it read last. */
  daemonMs: -86_400_000,
  before: null as FirewallObserved | null,
  wallMs: START_MS,
  unreached: '',
  /** What members tell that were asked for connections: before a trial and amid one; who was. */
  callsBefore: '',
  calls: '',
  asked: null as Callers | null,
  /** A word that nft takes in nothing that is only checked. */
  refused: null as string | null,
  objects: RULE as Objects,
  /** What is stamped with the start, and by which member all is written. */
  trial: TRIAL as Value,
  author: 2,
  members: MEMBERS as readonly Member[],
  /** The second half of all stamps. */
  counter: 0,
  /** Numbers of those that it has a connection with. */
  connected: [2, 3] as readonly number[],
  /** By how much their clocks are ahead, ms, by their numbers. */
  skewsMs: {} as Readonly<Record<number, number>>,
});

const endpointOf = (n: number) => [idOf(n), { host: `192.0.2.${n}`, port: 7300 }] as const;

/** What is seen or told without a command. */
function toldIn(
  world: ReturnType<typeof surroundings>,
  probe: Exclude<Probe, { argv: readonly string[] }>,
): string {
  if ('sign' in probe) return probe.sign.kind === 'unreached' ? world.unreached : '';
  if ('process' in probe) return '';
  world.asked = probe.callers;
  return probe.callers.rounds === 1 ? world.callsBefore : world.calls;
}

/** What the service sees of them, and does. */
function openHands(world: ReturnType<typeof surroundings>) {
  const kernel = {
    ...{ tables: new Map(), monitors: new Set(), nowMs: () => world.nowMs },
  } as unknown as Kernel;
  const nft = (argv: readonly string[], stdin = ''): HostResult => runNft(kernel, argv, stdin);
  const view = (): View => {
    const base = viewOf(world.members, world.objects);
    const stamp = (value: Value): Hlc => [value === world.trial ? START_MS : 1, world.counter];
    const intent = base.intent.map((each) => ({
      ...each,
      ...{ hlc: stamp(each.value), author: idOf(world.author) },
    }));
    return { ...base, intent };
  };
  const self = (): Self =>
    ({
      ...{ ...siteOf(view()), id: idOf(1), port: 7300, facts: { tools: { nft: true } } },
      ...{ seen: new Map(world.connected.map(endpointOf)), wallMs: world.wallMs },
      nowMs: world.nowMs - world.daemonMs,
      skewsMs: new Map(Object.entries(world.skewsMs).map(([n, ms]) => [idOf(Number(n)), ms])),
    }) as unknown as Self;
  const probed = (): Readonly<Record<string, HostResult>> => {
    const results: Record<string, HostResult> = {};
    const run = (probe: ReturnType<typeof probes>[number]): HostResult => {
      if (!('argv' in probe)) return { status: 0, stdout: toldIn(world, probe), stderr: '' };
      const { refused } = world;
      const isRefused = refused !== null && probe.stdin?.includes(refused) === true;
      if (isRefused) return { status: 1, stdout: '', stderr: 'no!' };
      return nft(probe.argv.slice(1), probe.stdin);
    };
    for (;;) {
      const next = probes(self(), view(), results).filter(({ name }) => !(name in results));
      if (next.length === 0) return results;
      for (const probe of next) results[probe.name] = run(probe);
    }
  };
  const look = () => {
    world.before = read(probed(), self(), world.before).state;
    return world.before;
  };
  const wanted = () => {
    const observed = look();
    const planned = plan(view(), self(), observed);
    return { observed, planned, commands: diff(planned.state, observed) };
  };
  return { nft, view, self, probed, look, wanted };
}

/** What would be done now. */
const commandsOf = (wanted: ReturnType<typeof openHands>['wanted']) => ({
  found: () => wanted().commands.flatMap((each) => (each.kind === 'run' ? (each.found ?? []) : [])),
  /** What nft would be told. */
  texts: () =>
    wanted().commands.flatMap((each) =>
      each.kind === 'run' && each.stdin !== undefined && 'text' in each.stdin
        ? [each.stdin.text]
        : [],
    ),
  isBlind: () => wanted().commands.every((each) => each.kind === 'run' && each.isBlind === true),
});

/** One member on a simulated kernel. */
export function openMember() {
  const world = surroundings();
  const { nft, view, self, probed, look, wanted } = openHands(world);
  const tableNow = () => {
    const observed = look();
    return observed.kind === 'present' ? observed.table : null;
  };
  return {
    world,
    /** Runs nft by hand. */
    byHand: (command: object) => {
      nft(['-j', '-f', '-'], JSON.stringify({ nftables: [command] }));
    },
    /** The daemon begins anew. */
    restart: () => {
      Object.assign(world, { daemonMs: world.nowMs, before: null });
    },
    ...commandsOf(wanted),
    rules: (chain: string) => tableNow()?.chains.get(chain)?.rules ?? [],
    /** Of what lasts; null where the table tells none. */
    generation: () => {
      const table = tableNow();
      return table === null ? null : generationIn(table, 'now');
    },
    chains: () => [...(tableNow()?.chains.keys() ?? [])],
    /** A pass; how many commands it took. */
    pass: (): number => {
      const { commands } = wanted();
      for (const command of commands) {
        if (command.kind !== 'run' || command.stdin === undefined) throw new Error('no command');
        if (!('text' in command.stdin)) throw new Error('a secret');
        nft(command.argv.slice(1), command.stdin.text);
      }
      assert.deepEqual(wanted().commands, [], 'in step');
      return commands.length;
    },
    /** What is tried of features. */
    tried: () => Object.keys(probed()).filter((name) => name.startsWith('feature')),
    problems: () => wanted().planned.problems,
    isTried: (): boolean => wanted().planned.state?.trial !== null,
    notes: () => wanted().planned.notes ?? [],
    recheckMs: () => wanted().planned.recheckMs,
    boot: () => boot(wanted().planned.state) ?? '',
    applied: () => Object.keys(summary(look(), view(), self()).applied ?? {}),
    tellsWithheld: () => 'withheld' in summary(look(), view(), self()),
    withheld: () => summary(look(), view(), self()).withheld ?? {},
  };
}
