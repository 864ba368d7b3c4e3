/**
 * Rule: status — what `cnsmo status` and `cnsmo members` show, from the view and what this VM sees.
 *
 * The field names are fixed: scripts read them, and ignore those that they do not know.
 */
import { endpointsOf, endpointText } from '../../crdt/endpoints.ts';
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { FaultFacts } from '../../fault.ts';
import type { AgentReport } from '../../services/service.ts';
import { alarmText, versionAlarms } from './alarms.ts';
import type { LinkState, MemberStatus, Status } from './answers.ts';
import { type ClockSight, clockAlarms } from './clocks.ts';
import { type CoreSight, coreStatusOf } from './core-answer.ts';
import { evictedOf } from './eviction.ts';
import { CUT_MS } from './gated.ts';
import type { LocalConfig } from './local-config.ts';
import type { Versions } from './sync-message.ts';

/** What the node sees at this moment beside the view. */
export interface Sight extends ClockSight {
  readonly self: MemberId;
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  readonly isReady: boolean;
  /** Whether another VM uses this member's key. */
  readonly isElsewhere: boolean;
  /** Whether own statements may be lost from the disk, so that nothing is said. */
  readonly isInDoubt: boolean;
  /** What is wrong with the disk, so that nothing can be kept; null when nothing is. */
  readonly disk: FaultFacts | null;
  readonly link: (member: MemberId) => LinkState;
  /** Who has the core role. */
  readonly core: CoreSight['holder'];
  /** Members that answer and cut this VM off, and for how long already, ms. */
  readonly cutBy: ReadonlyMap<PeerKey, number>;
  /** Whom the token named, and where. */
  readonly entries: LocalConfig['entries'];
  /** Connected peers that do not come in step with this VM, and are waited for no longer. */
  readonly overdue: readonly PeerKey[];
  readonly rttMs: (member: MemberId) => number | null;
  readonly reports: readonly AgentReport[];
  /** Connected members that speak other versions. */
  readonly strangers: ReadonlyMap<PeerKey, Versions>;
}

const ELSEWHERE =
  'another VM uses the key of this member, or the disk of this one is an older copy: ' +
  'nothing more is written here, traffic goes on; run cnsmo stop and cnsmo leave --local on the ' +
  'copy, if there is one, and join it anew, then cnsmo recover here';

const OUT =
  'this VM is no longer a member: it was evicted, or who let it in was, and nobody talks to it; ' +
  'run cnsmo stop and cnsmo leave --local, then join with a new token';

/**
 * What an evicted VM sees, which nobody told: members cut it off, and nobody else talks to it but,
 * maybe, who is out as well.
 */
const cutAlarms = (view: View, sight: Sight): readonly string[] => {
  const { self, link, cutBy } = sight;
  if (view.evicted.includes(self)) return [];
  if (!view.members.some(({ id }) => id === self)) return unknownAlarms(sight);
  const others = view.members.filter(({ id, hasLeft }) => id !== self && !hasLeft);
  const isAlone = others.every(({ id }) => link(id) !== 'alive');
  const cut = others.filter(({ id }) => (cutBy.get(id) ?? -1) >= (isAlone ? 0 : CUT_MS));
  if (cut.length === 0) return [];
  const names = cut.map(({ name }) => name).join(', ');
  return [
    `members answer and cut this VM off (${names}): it may have been evicted, or who let it in; ` +
      'ask an operator, and if so, run cnsmo stop and cnsmo leave --local, then join with a new ' +
      'token',
  ];
};

/** It was let in, and never came to read the state: whoever knows of that is gone. */
const unknownAlarms = ({ entries, cutBy }: Sight): readonly string[] => {
  const cut = entries.filter(({ member }) => (cutBy.get(member as PeerKey) ?? -1) >= CUT_MS);
  if (cut.length === 0) return [];
  const places = cut.map(({ endpoint }) => endpointText(endpoint)).join(', ');
  return [
    `members answer and cut this VM off (${places}): they do not know it, for who let it in was ` +
      'evicted or lost before others heard of it; run cnsmo stop and cnsmo leave --local, then ' +
      'join with a new token',
  ];
};

/** Of another version others say why; of one that is dead nobody expects anything. */
const overdueAlarms = (view: View, { link, overdue, strangers }: Sight): readonly string[] =>
  view.members
    .filter(({ id }) => overdue.includes(id) && !strangers.has(id) && link(id) === 'alive')
    .map(
      ({ name }) =>
        `${name} is connected and does not tell what it knows: what only it was told is missing ` +
        'here; over a slow line that ends by itself; else look at cnsmo logs here and there, and ' +
        'evict it only if it is hostile',
    );

const IN_DOUBT =
  'the journal of this VM was damaged or lost: nothing is written here until another member is ' +
  'reached; if all others are gone for good, run cnsmo recover --alone';

const diskAlarm = ({ value, why, remedy }: FaultFacts): string =>
  `disk: ${value}: ${why}: the VPN goes on, but nothing can be changed from here; ${remedy}`;

/** Everybody in the mesh, sorted by name; then those who were evicted, the last one first. */
export const membersOf = (view: View, sight: Sight): readonly MemberStatus[] => {
  const peers = new Map<string, Peer>();
  // Of several, the first counts.
  for (const peer of sight.reports.flatMap((report) => report.peers ?? []).toReversed()) {
    peers.set(peer.member, peer);
  }
  return [
    ...view.members
      .map((member) => memberStatus(view, { sight, seen: peers.get(member.id) }, member))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...evictedOf(view),
  ];
};

type Peer = NonNullable<Sight['reports'][number]['peers']>[number];

/** Whether a member is in the mesh, reachable or not. */
export const isPresent = ({ state }: Pick<MemberStatus, 'state'>): boolean =>
  state !== 'left' && state !== 'evicted';

/** The whole of `status`. */
export function statusOf(view: View, sight: Sight): Status {
  const members = membersOf(view, sight);
  const me = members.find(({ id }) => id === sight.self);
  const present = members.filter(isPresent);
  return {
    mesh: { id: view.mesh.id, name: view.mesh.name },
    self: {
      id: sight.self,
      name: me?.name ?? sight.name,
      role: me?.role ?? 'node',
      addresses: me?.addresses ?? [],
      ready: sight.isReady,
      engine: sight.reports.find(({ engine }) => engine !== undefined)?.engine ?? null,
      version: sight.version,
      commit: sight.commit,
    },
    core: coreStatusOf(view, sight.core),
    members,
    services: sight.reports.map(({ name, state, problems }) => ({ name, state, problems })),
    reachable: present.filter(({ state }) => state === 'alive' || state === 'degraded').length,
    total: present.length,
    alarms: [
      ...(sight.isElsewhere ? [ELSEWHERE] : []),
      ...(sight.disk === null ? [] : [diskAlarm(sight.disk)]),
      ...(sight.isInDoubt ? [IN_DOUBT] : []),
      ...versionAlarms(view, sight.strangers),
      ...clockAlarms(view, sight),
      ...(view.evicted.includes(sight.self) ? [OUT] : []),
      ...cutAlarms(view, sight),
      ...overdueAlarms(view, sight),
      ...view.alarms.map((alarm) => alarmText(view, alarm)),
    ],
  };
}

function memberStatus(
  view: View,
  { sight, seen }: { readonly sight: Sight; readonly seen: Peer | undefined },
  member: Member,
): MemberStatus {
  const said = endpointsOf(member, view.mesh)[0];
  return {
    id: member.id,
    name: member.name,
    role: member.role,
    labels: member.labels,
    state: stateOf(sight, member),
    draining: member.isDraining,
    addresses: [...(member.ipv4 === null ? [] : [member.ipv4]), member.ipv6],
    endpoint: seen?.endpoint ?? (said === undefined ? null : endpointText(said)),
    handshakeAgeMs: seen?.handshakeAgeMs ?? null,
    rttMs: sight.rttMs(member.id),
    version: member.version,
  };
}

function stateOf(sight: Sight, member: Member): MemberStatus['state'] {
  if (member.hasLeft) return 'left';
  return member.id === sight.self ? 'alive' : sight.link(member.id);
}
