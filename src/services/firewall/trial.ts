/**
 * Rule: firewall trial — changes that end by themselves unless they are confirmed, as one member
 * lives through them.
 *
 * 1. A trial is begun once, while it is young by its author's clock; the chain `tried/…` says that
 *    it was. Its end comes from the kernel: when its elements are gone, so is the trial. Where the
 *    table was taken away it goes on for the rest of its time. One that is older than the daemon,
 *    and of which the table does not tell, is not begun: it may have been.
 * 2. It is withdrawn early by a member that it cuts off: from the one where its operator is, or
 *    from all that are connected. Only new connections tell, for old ones may live on. Where the
 *    operator is a member that this one has no connection with, it may be away, so the rules have
 *    to say as well that they close all ways to it.
 * 3. And by a member to which nobody comes any more: others are asked (`callers.ts`).
 * 4. A member at which it would stop its operator's connection, made anew, does not begin it: that
 *    one comes from elsewhere and cannot be tried by any member, but what the kernel holds is what
 *    the rules say, and they are asked. Nor does one that it would take out of the mesh.
 */
import { endpointsOf } from '../../crdt/endpoints.ts';
import { FOLLOWED_MS_MAX } from '../../crdt/hlc.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { Endpoint } from '../../ports.ts';
import type { Call } from '../callers.ts';
import type { ObservedTable } from '../nft/observed.ts';
import type { Self } from '../service.ts';
import { lockedOut, type SeenAt } from './callers.ts';
import { lanesOf, type Site, type Trialling } from './lane.ts';
import { trialMap, triedName } from './own-table.ts';
import { planeCutBy } from './planes.ts';
import { policyOf, type TrialOrder } from './policy.ts';
import type { Begun, FirewallObserved } from './state.ts';
import { isOverlay, judgedAt, operatorsOf, ownAddress, siteOnTrial } from './trial-site.ts';

/** Members that are tried at a look: enough to tell a cut from one that is away. */
const WAYS_MAX = 4;

/** How the note begins of a member that has withdrawn a trial. */
export const withdrawnMark = (id: string): string => `trial ${id}: withdrawn: `;

/** Whether the kernel still goes by a trial. */
export const isRunning = (table: ObservedTable): boolean =>
  (table.sets.get(trialMap('prerouting'))?.elements.size ?? 0) > 0;

/** What becomes of a trial on this host. `over`: or it came too late to be begun. */
export type Course =
  | { readonly kind: 'running'; readonly trial: Trialling }
  | { readonly kind: 'withdrawn'; readonly why: string }
  | { readonly kind: 'over' };

/** What becomes of a trial here now. */
export const courseOf = (
  site: Site,
  order: TrialOrder,
  observed: FirewallObserved,
  reach: Reach,
): Course => {
  const begun = begunOf(observed, order);
  const known = begun?.why ?? null;
  if (known !== null) return { kind: 'withdrawn', why: known };
  const left = leftMs(order, observed, reach.self);
  if (left <= 0) return { kind: 'over' };
  const after = siteOnTrial(site, order);
  const why =
    (begun === undefined ? null : cutOff(site, order, reach)) ??
    shutOut(site, order) ??
    planeCutBy({ before: site, after }, reach.self) ??
    (begun === undefined ? null : lockedOut(site, order, begun.kept, reach));
  if (why !== null) return { kind: 'withdrawn', why };
  const { id, seconds } = order;
  const lanes = lanesOf(after);
  return { kind: 'running', trial: { id, lanes, seconds, leftSeconds: Math.ceil(left / 1_000) } };
};

/** What is known of it here; undefined: it was not begun. */
export const begunOf = (observed: FirewallObserved, { id }: TrialOrder): Begun | undefined =>
  observed.begun.find((each) => each.id === id);

/** How long it may decide from now on. Unit: ms. */
const leftMs = (order: TrialOrder, observed: FirewallObserved, clocks: Reach['self']): number => {
  const begun = begunOf(observed, order);
  if (begun === undefined) return mayBegin(order, clocks) ? order.seconds * 1_000 : 0;
  if (begun.endsMs === null) return 0;
  // The kernel tells whole seconds, and ends it by itself.
  const isThere = observed.kind === 'present' && observed.table.chains.has(triedName(order.id));
  return Math.max(isThere ? 1 : 0, begun.endsMs - clocks.nowMs);
};

/**
 * Whether it may be begun yet: it is young, and came while this daemon was here to remember it.
 * A stamp that counts on from a later one may be that much ahead of its author's clock: then the
 * trial is taken for that much older, for it may be over. By half its time at most, or a short one
 * would be begun nowhere.
 */
export const mayBegin = (order: TrialOrder, clocks: Reach['self']): boolean => {
  const lengthMs = order.seconds * 1_000;
  const [, counter] = order.claim.hlc;
  const allowanceMs = counter === 0 ? 0 : Math.min(FOLLOWED_MS_MAX, lengthMs / 2);
  const age = ageMs(order, clocks);
  return age + allowanceMs < lengthMs && age < clocks.nowMs;
};

/** This VM's clock, and how far off it is as others' tell. */
type Clocks = Pick<Self, 'id' | 'wallMs' | 'skewsMs'>;

/** Whoever meets a trial after its time never begins it. */
export const isYoung = (order: TrialOrder, clocks: Clocks): boolean =>
  ageMs(order, clocks) < order.seconds * 1_000;

/** Whether it is so young that members may be about to begin it; of a short one, half of it. */
export const isFresh = (order: TrialOrder, clocks: Clocks): boolean =>
  ageMs(order, clocks) < Math.min(BEGUN_MS, order.seconds * 500);

/** By when members have begun a trial of which they know. Unit: ms. They ask others first, 3 s. */
const BEGUN_MS = 5_000;

/**
 * The time of a trial is that of its author, whose clock stamped it. Where that one is not in sight
 * it is the latest of what this VM's clock says and most others do: to begin none is safe.
 */
const ageMs = ({ claim }: TrialOrder, { id, wallMs, skewsMs }: Clocks): number => {
  const sorted = [...skewsMs.values()].toSorted((a, b) => a - b);
  const common = sorted[sorted.length >> 1] ?? 0;
  const ofAuthor = claim.author === id ? 0 : skewsMs.get(claim.author);
  return wallMs + (ofAuthor ?? Math.max(0, common)) - claim.hlc[0];
};

/** What new connections told: where they were tried, and which addresses took none. */
export interface Reach {
  readonly ways: readonly MemberWays[];
  readonly unreached: readonly string[];
  /** What members told that were asked to call, and where their calls come from. */
  readonly calls: readonly Call[];
  readonly seenAt: SeenAt;
  readonly self: Clocks & Pick<Self, 'nowMs' | 'port' | 'seen'>;
}

/** The ways to one member: outside the tunnel, and through it. */
interface MemberWays {
  readonly member: MemberId;
  readonly isConnected: boolean;
  readonly to: readonly Endpoint[];
}

/**
 * Where to try new connections: the author of the trial first, and some that are connected. Each by
 * two ways, for a policy may well close one of them: the tunnel to services, the rest to NAT.
 */
export const waysOf = (view: View, self: Self): readonly MemberWays[] => {
  const [order] = policyOf(view).trials;
  const author = order?.claim.author;
  return view.members
    .filter(({ id, hasLeft }) => id !== self.id && !hasLeft)
    .filter(({ id }) => id === author || self.seen.has(id))
    .toSorted((a, b) => Number(b.id === author) - Number(a.id === author))
    .slice(0, WAYS_MAX)
    .map((member) => {
      const { id, ipv4, ipv6, endpoints } = member;
      const [said] = endpointsOf(member, view.mesh);
      const outside = self.seen.get(id) ?? said;
      const inside = { host: ipv4 ?? ipv6, port: endpoints?.port ?? self.port };
      const to = outside === undefined ? [inside] : [outside, inside];
      return { member: id, isConnected: self.seen.has(id), to };
    });
};

/** Why this member is cut off, or null: it reaches the author by no way, or nobody at all. */
const cutOff = (site: Site, order: TrialOrder, { ways, unreached }: Reach): string | null => {
  const { author } = order.claim;
  const gone = ways.filter(
    ({ isConnected, to }) =>
      to.every(({ host }) => unreached.includes(host)) &&
      (isConnected || to.every((end) => isClosed(site, order, end))),
  );
  const cut = gone.find(({ member }) => member === author)?.member;
  const name = site.view.members.find(({ id }) => id === cut)?.name;
  if (name !== undefined) return `no new connection reaches ${name}, where its operator is`;
  const connected = ways.filter(({ isConnected }) => isConnected);
  if (gone.length === 0 || gone.length < connected.length) return null;
  return `no new connection reaches any of ${gone.length} members`;
};

/** Whether the trial, and nothing before it, forbids this member a connection to there. */
const isClosed = (site: Site, order: TrialOrder, { host, port }: Endpoint): boolean => {
  const zone = isOverlay(site.view, host) ? 'mesh' : 'wan';
  const source = ownAddress(site, zone, host) ?? host;
  const flow = { protocol: 'tcp', source, destination: host, value: port } as const;
  const isAllowed = (at: Site): boolean => judgedAt(at, zone, 'out', flow)?.action === 'allow';
  return isAllowed(site) && !isAllowed(siteOnTrial(site, order));
};

/** Why the operator could not come here anew, though it is let in now; or null. */
const shutOut = (site: Site, order: TrialOrder): string | null => {
  for (const { zone, flow } of operatorsOf(site, order)) {
    const after = judgedAt(siteOnTrial(site, order), zone, 'in', flow);
    if (after === null || after.action === 'allow') continue;
    if (judgedAt(site, zone, 'in', flow)?.action !== 'allow') continue;
    const by = after.by.kind === 'rule' ? `rule ${after.by.name}` : 'the default';
    return `${by} would stop its operator: ${flow.source} to port ${flow.value}`;
  }
  return null;
};
