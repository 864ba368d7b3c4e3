/**
 * Loop: agents — one agent for each service that this VM consents to; none can hold up another.
 *
 * A service that is taken out of the consent is stopped and what it made on the host is undone
 * (`keeper.ts`).
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Member, View } from '../crdt/view.ts';
import type { Clock, Endpoint, Ports, ProbedFacts, SwarmNode } from '../ports.ts';
import type { Callers } from '../services/callers.ts';
import { NO_SIGHTS, type Sights } from '../services/loop.ts';
import { type AnyService, SERVICES } from '../services/registry.ts';
import type { AgentReport, NodeSelf, Opening } from '../services/service.ts';
import type { MarkOf } from './agenda.ts';
import { createBoot } from './boot.ts';
import { askCallers } from './callers.ts';
import { type Companion, createCompanion } from './companion.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { openLedger } from './ledger.ts';
import type { Liveness } from './liveness.ts';
import type { LocalState } from './local-state.ts';
import { shareMonitors } from './monitors.ts';
import { createOpenings } from './openings.ts';
import type { Replica } from './replica.ts';
import type { LocalConfig } from './rules/local-config.ts';
import { createWake } from './wake.ts';
import type { Words } from './words.ts';

/** Age at which a report is read anew for people who look, and longest wait for that. Unit: ms. */
const STALE_MS = 3_000;
const REFRESH_MS = 1_000;
/** Time between two looks whether an agent still starts; its report marks as well. Unit: ms. */
const SETTLE_LOOK_MS = 10_000;

/** All agents of this VM. */
export interface Agents {
  /** Something that services look at may have changed. */
  mark(): void;
  /** The state of the mesh changed. */
  markNews(): void;
  /** Who is alive, or what members say, may be something else. */
  markLoops(): void;
  /** This VM is the one holder of its key again: what a copy of it did on the way is over. */
  noteRecovery(): void;
  reports(): readonly AgentReport[];
  /** Resolves when no report is older than 3 s, or after a second: for people who look. */
  refresh(): Promise<void>;
  /** Resolves when none is starting any more, whatever came of it, or when `signal` aborts. */
  settled(signal: AbortSignal): Promise<void>;
  /** What the services that a member consents to need open there, as far as this one can tell. */
  openingsAt(member: Member): readonly Opening[];
  /** TCP ports at which services may have members called. */
  callPorts(view: View): readonly number[];
  /** Ends with `signal`; the host stays as it is. */
  run(signal: AbortSignal): Promise<void>;
}

interface AgentsContext {
  readonly self: MemberId;
  readonly local: LocalState;
  readonly replica: Replica;
  readonly swarm: SwarmNode;
  readonly config: { readonly current: LocalConfig };
  /** By how much the clocks of connected members are ahead of this VM's, ms. */
  readonly skewsMs: () => ReadonlyMap<PeerKey, number>;
  readonly words: Words;
  readonly liveness: Liveness;
}

/** Makes the agents; they do nothing until `run`. */
export async function createAgents(given: Ports, context: AgentsContext): Promise<Agents> {
  const ports = { ...given, process: { ...given.process, lines: shareMonitors(given.process) } };
  const facts = await ports.host.probe();
  const ledger = await openLedger(ports.disk);
  const board = createBoard(ports.clock);
  const secrets = () => context.local.keys.wgPrivateKey;
  let recoveredAtMs: number | null = null;
  const self = (sights = NO_SIGHTS) => ({ ...selfOf(context, facts, sights), recoveredAtMs });
  const view = context.replica.view;
  const openings = createOpenings({
    ...{ view, self, onChange: () => marks.markAgents('news') },
    services: () => SERVICES.filter(({ name }) => context.config.current.services.includes(name)),
    sights: (of) => keepers.find(({ name }) => name === of)?.companion.sights() ?? NO_SIGHTS,
  });
  const agentContext = {
    ...{ view, openings: openings.of, secrets, ledger, keepBoot: createBoot(ports) },
    onReport: board.put,
    call: (callers: Callers) => askCallers(ports.clock, context.swarm, callers),
  };
  const keepers = SERVICES.map((service) => {
    const { name } = service;
    const isWanted = () => context.config.current.services.includes(name);
    const onUndone = (left: AgentReport | null) => board.settle(name, left);
    // So that nobody takes a VM for ready whose agents have not begun.
    if (isWanted()) board.put({ name, state: 'starting', problems: [], changes: 0 }, true);
    const companion = companionOf(ports, context, service, (before) => {
      keeper.mark('news');
      openings.noteShown(service, before);
    });
    const own = { self: () => self(companion.sights()), beside: companion.run };
    const keeper = createKeeper(ports, service, { ...agentContext, ...own, isWanted, onUndone });
    return { ...keeper, name, companion };
  });
  const marks = marksOf(keepers);
  return {
    ...marks,
    noteRecovery: () => {
      recoveredAtMs = given.clock.monotonicMs();
      marks.mark();
    },
    reports: board.reports,
    refresh: () => board.refresh(marks.mark),
    settled: board.settled,
    // What drains here is open for its time; of others only they know it.
    openingsAt: (member) =>
      member.id === context.self ? openings.of(view(), self()) : openingsAt(view(), self(), member),
    callPorts: (seen) => SERVICES.flatMap(({ callPorts }) => callPorts?.(seen) ?? []),
    run: (signal) => runAll(keepers, signal),
  };
}

/** Marks all agents, all that runs beside them, or both. */
function marksOf(
  keepers: readonly (Pick<Keeper, 'mark'> & { readonly companion: Pick<Companion, 'mark'> })[],
) {
  const markAgents = (of: MarkOf): void => {
    for (const keeper of keepers) keeper.mark(of);
  };
  const markLoops = (): void => {
    for (const { companion } of keepers) companion.mark();
  };
  const both = (of: MarkOf) => (): void => {
    markAgents(of);
    markLoops();
  };
  return { markAgents, markLoops, mark: both('host'), markNews: both('news') };
}

/** What runs beside the agent of a service. */
const companionOf = (
  ports: Ports,
  { self, replica, words, liveness, config }: AgentsContext,
  service: AnyService,
  onShow: (before: Sights) => void,
): Companion =>
  createCompanion(ports, service, {
    ...{ self, view: replica.view, words, liveness, onShow },
    isWanted: () => config.current.services.includes(service.name),
    mayRun: () => config.current.allowRun,
  });

/** Runs them all until `signal` aborts. One that fails ends the others, then this rejects. */
async function runAll(keepers: readonly Keeper[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const runs = keepers.map((keeper) => keeper.run(stop.signal));
  for (const run of runs) run.catch(abort);
  await Promise.allSettled(runs);
  signal.removeEventListener('abort', abort);
  await Promise.all(runs);
}

const openingsAt = (view: View, self: NodeSelf, member: Member): readonly Opening[] => {
  const there = { ...self, id: member.id, port: member.endpoints?.port ?? self.port };
  return SERVICES.filter(({ name }) => member.services?.includes(name) !== false).flatMap(
    (service) => service.openings(view, there),
  );
};

/** What this node tells its agents of itself. */
const selfOf = (
  { self, config, replica, swarm, skewsMs }: AgentsContext,
  facts: ProbedFacts,
  sights: Sights,
): Omit<NodeSelf, 'recoveredAtMs'> => ({
  id: self,
  interface: config.current.interface,
  port: config.current.port,
  facts,
  seen: seenEndpoints(replica.view(), swarm),
  skewsMs: skewsMs(),
  sights,
});

/** The last report of each agent, and when it came. */
function createBoard(clock: Clock) {
  const reports = new Map<string, { readonly report: AgentReport; readonly atMs: number }>();
  const news = createWake(clock);
  return {
    /** `isSeen`: the host was looked at for it, so it is as young as can be. */
    put: (report: AgentReport, isSeen: boolean): void => {
      const nowMs = clock.monotonicMs();
      const atMs = isSeen ? nowMs : (reports.get(report.name)?.atMs ?? nowMs);
      reports.set(report.name, { report, atMs });
      news.mark();
    },
    /** The service has no agent any more. What is left of it cannot be read anew: never stale. */
    settle: (name: string, left: AgentReport | null): void => {
      if (left === null) reports.delete(name);
      else reports.set(name, { report: left, atMs: Number.POSITIVE_INFINITY });
      news.mark();
    },
    reports: (): readonly AgentReport[] =>
      [...reports.values()]
        .map(({ report }) => report)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    settled: async (signal: AbortSignal): Promise<void> => {
      const isStarting = () =>
        [...reports.values()].some(({ report }) => report.state === 'starting');
      while (isStarting() && !signal.aborted) await news.wait(SETTLE_LOOK_MS, signal);
    },
    refresh: async (ask: () => void): Promise<void> => {
      const startMs = clock.monotonicMs();
      const isStale = () => [...reports.values()].some(({ atMs }) => startMs - atMs > STALE_MS);
      if (!isStale()) return;
      ask();
      while (isStale() && clock.monotonicMs() - startMs < REFRESH_MS) {
        await news.wait(REFRESH_MS, new AbortController().signal);
      }
    },
  };
}

/**
 * Where members were seen in live connections: where we reached them, or where they come from
 * with their own port.
 */
function seenEndpoints(view: View, swarm: SwarmNode): ReadonlyMap<PeerKey, Endpoint> {
  const ports = new Map<PeerKey, number>(
    view.members.flatMap(({ id, endpoints }) => (endpoints === null ? [] : [[id, endpoints.port]])),
  );
  return new Map(
    swarm.connections().flatMap(({ peer, remote, direction }) => {
      const port = direction === 'outbound' ? remote.port : ports.get(peer);
      return port === undefined ? [] : [[peer, { host: remote.host, port }] as const];
    }),
  );
}
