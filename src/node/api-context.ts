/**
 * Loop: api context — what the routes of the local API, and other members, may have of the running
 * member.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { SERVICES } from '../services/registry.ts';
import type { ApiContext } from './api.ts';
import { type AppliedContext, gatherApplied } from './applied.ts';
import { AUDIT_LIMITS } from './audit.ts';
import { gatherDigests } from './digests.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { AskEvents } from './event-pages.ts';
import type { Events } from './events.ts';
import { writeConfig } from './local-state.ts';
import { EVENTS_TOPIC, eventsTopic, gatherEvents } from './member-events.ts';
import { type AskLog, LOG_TOPIC, logTopic, readLog } from './member-log.ts';
import type { Parts } from './parts.ts';
import { askMember, type QuestionContext } from './questions.ts';
import { REACH_TOPIC, reachTopic, reachWish, readReached } from './reach.ts';
import { isReady } from './rules/ready.ts';
import type { Sight } from './rules/status.ts';
import { openSequence } from './sequence.ts';

/** A member's parts, and what it saw happen. */
export type Asked = Parts & { readonly events: Events };

/** What it asks other members, and answers them. */
export const questionsOf = (ports: Ports, asked: Asked): QuestionContext => ({
  self: asked.self,
  view: asked.replica.view,
  swarm: othersOf(asked),
  topics: {
    [LOG_TOPIC]: logTopic(ports.logBook),
    [EVENTS_TOPIC]: eventsTopic(asked.events),
    [REACH_TOPIC]: reachTopic(ports, asked.replica.view),
  },
});

/** The other members, for who has something to ask them. */
const othersOf = ({ swarm, links }: Parts) => ({ ...swarm, meet: links.meet });

/** What it says of what is in force on its host. */
export const appliedOf = ({ self, replica, agents }: Parts): AppliedContext => ({
  self,
  view: replica.view,
  reports: agents.reports,
});

/** Members with a live connection. */
export const connectedMembers = ({ swarm, replica }: Parts): readonly PeerKey[] =>
  swarm
    .connections()
    .map(({ peer }) => peer)
    .filter((peer) => replica.view().members.some(({ id }) => id === peer));

/** What the routes work with. `leave`: takes this VM out of its mesh. */
export function apiContext(
  ports: Ports,
  parts: Parts & { readonly watch: DiskWatch; readonly events: Events },
  leave: ApiContext['leave'],
): ApiContext {
  const { replica, sync, twins, audit, core, facts, agents, config, self, local } = parts;
  return {
    ...{ ports, self, local, replica, sync, twins, audit, core },
    onRecovered: agents.noteRecovery,
    absences: parts.proposals.absences,
    auditLimits: () => config.current.audit ?? AUDIT_LIMITS,
    setAuditLimits: async (limits) => {
      const next = { ...config.current, audit: limits };
      await writeConfig(ports.disk, next);
      config.current = next;
    },
    ...linksOf(parts),
    sight: async () => {
      await Promise.all([agents.refresh(), parts.watch.refresh()]);
      return { ...sightOf(ports, parts), disk: parts.watch.trouble() };
    },
    consent: () => ({
      services: config.current.services,
      allowRun: config.current.allowRun,
      eligible: config.current.eligible ?? true,
    }),
    setConsent: async (consent) => {
      const next = { ...config.current, ...consent, services: [...consent.services] };
      await writeConfig(ports.disk, next);
      config.current = next;
      facts.mark();
      agents.mark();
    },
    ...askingOthers(ports, parts),
    inOrder: openSequence(),
    services: SERVICES,
    openingsAt: agents.openingsAt,
    events: (wish, signal) => parts.events.next(wish, orStopped(parts, signal)),
    skewsMs: sync.skewsMs,
    stopped: parts.stop.signal,
    leave,
    stop: () => parts.stop.abort(),
  };
}

/** Who is connected, and how others are found. */
const linksOf = (
  parts: Parts,
): Pick<ApiContext, 'connected' | 'meet' | 'seek' | 'connections' | 'neighbours'> => ({
  connected: () => connectedMembers(parts),
  meet: parts.links.meet,
  seek: parts.links.seek,
  connections: parts.swarm.connections,
  neighbours: parts.neighbourhood.all,
});

/** Ends with the member, and with whoever asked. */
const orStopped = ({ stop }: Parts, asker: AbortSignal | undefined): AbortSignal =>
  asker === undefined ? stop.signal : AbortSignal.any([stop.signal, asker]);

/** What the routes ask other members. */
function askingOthers(
  ports: Ports,
  parts: Asked,
): Pick<ApiContext, 'logOf' | 'eventsOf' | 'digests' | 'standings' | 'reach'> {
  const { replica } = parts;
  const others = othersOf(parts);
  const context = questionsOf(ports, parts);
  return {
    logOf: (text, wish) => {
      const ask: AskLog = (page) => askMember(context, text, LOG_TOPIC, page);
      return readLog(ports.clock, ask, wish, parts.stop.signal);
    },
    eventsOf: (on, wish, asker) => {
      const ask: AskEvents = (member, asked) => askMember(context, member, EVENTS_TOPIC, asked);
      const signal = orStopped(parts, asker);
      const asking = { view: replica.view, ask, signal };
      return gatherEvents(ports.clock, asking, on, wish);
    },
    digests: () => gatherDigests(ports, replica, others),
    reach: async (attempt) =>
      readReached(await askMember(context, attempt.from, REACH_TOPIC, reachWish(attempt))),
    standings: (service, waitMs) =>
      gatherApplied(ports, appliedOf(parts), others, { service, waitMs }),
  };
}

function sightOf(ports: Ports, parts: Parts): Omit<Sight, 'disk'> {
  const { replica, sync, links, liveness, core, agents, swarm, self, config, build } = parts;
  const reports = parts.isGoing ? [] : [core.report()];
  const connected = new Set(connectedMembers(parts));
  const overdue = sync.overdue();
  const signs = {
    self,
    uptimeMs: ports.clock.monotonicMs() - parts.startedMs,
    link: liveness.state,
    cutBy: links.cutBy(),
    entries: config.current.entries,
    isConnected: (member: MemberId) => connected.has(member),
    isInStep: sync.isInStep,
    isOverdue: (member: MemberId) => overdue.includes(member),
    overdue,
    core: core.holder(),
    reports: [...reports, ...agents.reports()],
  };
  return {
    ...signs,
    name: config.current.name,
    version: build.version,
    commit: build.commit,
    isReady: isReady(replica.view(), signs),
    isElsewhere: replica.isElsewhere(),
    isInDoubt: replica.isInDoubt(),
    ahead: replica.ahead(),
    skewsMs: sync.skewsMs(),
    strangers: sync.strangers(),
    rttMs: (member) => rttOf(swarm, member),
  };
}

const rttOf = (swarm: SwarmNode, member: MemberId): number | null =>
  swarm.connections().find(({ peer }) => peer === member)?.rttMs ?? null;
