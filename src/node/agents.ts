/**
 * Loop: agents — one agent for each service that this VM consents to; none can hold up another.
 *
 * A service that is taken out of the consent is stopped and what it made on the host is undone.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, Endpoint, HostFacts, Ports, SwarmNode } from '../ports.ts';
import { SERVICES } from '../services/registry.ts';
import type { AgentReport, NodeSelf } from '../services/service.ts';
import { type Agent, startAgent } from './agent.ts';
import { openLedger } from './ledger.ts';
import type { LocalState } from './local-state.ts';
import type { Replica } from './replica.ts';
import type { LocalConfig } from './rules/local-config.ts';
import { createWake } from './wake.ts';

/** Time between two looks at the consent when nothing marks them. Unit: ms. */
const LOOK_MS = 600_000;
/** Age at which a report is read anew for people who look, and longest wait for that. Unit: ms. */
const STALE_MS = 3_000;
const REFRESH_MS = 1_000;

/** All agents of this VM. */
export interface Agents {
  /** Something that services look at may have changed. */
  mark(): void;
  reports(): readonly AgentReport[];
  /** Resolves when no report is older than 3 s, or after a second: for people who look. */
  refresh(): Promise<void>;
  /** Ends with `signal`; the host stays as it is. */
  run(signal: AbortSignal): Promise<void>;
}

interface AgentsContext {
  readonly self: MemberId;
  readonly local: LocalState;
  readonly replica: Replica;
  readonly swarm: SwarmNode;
  readonly config: { readonly current: LocalConfig };
}

interface Running {
  readonly agent: Agent;
  readonly abort: AbortController;
}

/** Makes the agents; they do nothing until `run`. */
export async function createAgents(ports: Ports, context: AgentsContext): Promise<Agents> {
  const facts = await ports.host.facts();
  const ledger = await openLedger(ports.disk);
  const wake = createWake(ports.clock);
  const board = createBoard(ports.clock);
  const running = new Map<string, Running>();
  const secrets = () => context.local.keys.wgPrivateKey;
  const self = () => selfOf(context, facts);
  const view = context.replica.view;
  const agentContext = { view, self, secrets, ledger, onReport: board.put };
  const markAll = (): void => {
    for (const { agent } of running.values()) agent.mark();
  };
  const end = async (name: string): Promise<void> => {
    const one = running.get(name);
    one?.abort.abort();
    await one?.agent.stopped;
    running.delete(name);
  };
  const settle = async (): Promise<void> => {
    const wanted = SERVICES.filter(({ name }) => context.config.current.services.includes(name));
    for (const name of [...running.keys()]) {
      if (wanted.some((service) => service.name === name)) continue;
      await end(name);
      await ledger.undoService(name, ports);
      board.drop(name);
    }
    for (const service of wanted.filter(({ name }) => !running.has(name))) {
      const abort = new AbortController();
      const agent = startAgent(ports, service, agentContext, abort.signal);
      running.set(service.name, { agent, abort });
    }
    markAll();
  };
  return {
    mark: wake.mark,
    reports: board.reports,
    refresh: () => board.refresh(markAll),
    run: async (signal) => {
      while (!signal.aborted) {
        await settle();
        await wake.wait(LOOK_MS, signal);
      }
      await Promise.all([...running.keys()].map(end));
    },
  };
}

/** What this node tells its agents of itself. */
const selfOf = ({ self, config, replica, swarm }: AgentsContext, facts: HostFacts): NodeSelf => ({
  id: self,
  interface: config.current.interface,
  port: config.current.port,
  facts,
  seen: seenEndpoints(replica.view(), swarm),
});

/** The last report of each agent, and when it came. */
function createBoard(clock: Clock) {
  const reports = new Map<string, { readonly report: AgentReport; readonly atMs: number }>();
  const news = createWake(clock);
  return {
    put: (report: AgentReport): void => {
      reports.set(report.name, { report, atMs: clock.monotonicMs() });
      news.mark();
    },
    drop: (name: string): void => void reports.delete(name),
    reports: (): readonly AgentReport[] =>
      [...reports.values()]
        .map(({ report }) => report)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
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
