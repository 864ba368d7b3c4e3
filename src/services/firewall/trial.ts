/**
 * Rule: firewall trial — changes that end by themselves unless they are confirmed, as one member
 * lives through them.
 *
 * 1. A trial is begun once, while it is young by this host's clock; the empty chain `tried/…` says
 *    that it was. Its end comes from the kernel: when its elements are gone, so is the trial.
 * 2. It is withdrawn early by a member that it cuts off: from the one where its operator is, or
 *    from all that are connected. Only new connections tell, for old ones may live on.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { Endpoint } from '../../ports.ts';
import type { Self } from '../service.ts';
import { trialMap, triedName } from './compile.ts';
import { lanesOf, type Site, type Trialling } from './lane.ts';
import { policyOf, type TrialOrder, withTrial } from './policy.ts';
import type { ObservedTable } from './state.ts';

/** Members that are tried at a look: enough to tell a cut from one that is away. */
const WAYS_MAX = 4;

/** Whether the kernel still goes by a trial. */
export const isRunning = (table: ObservedTable): boolean =>
  (table.sets.get(trialMap('prerouting'))?.elements.size ?? 0) > 0;

/** The lanes on trial, or null where the trial is not begun, withdrawn or over. */
export const trialAt = (
  site: Site,
  order: TrialOrder,
  table: ObservedTable | null,
  reach: Reach,
): Trialling | null => {
  const isBegun = table?.chains.has(triedName(order.id)) === true;
  const isFit = isBegun ? isRunning(table) : isYoung(order, site.wallMs);
  if (!isFit || (isBegun && isCutOff(order, reach))) return null;
  const lanes = lanesOf({ ...site, view: withTrial(site.view, order) });
  return { id: order.id, lanes, seconds: order.seconds };
};

/** Whoever meets a trial after its time never begins it. */
const isYoung = ({ claim, seconds }: TrialOrder, wallMs: number): boolean =>
  wallMs - claim.hlc[0] < seconds * 1_000;

/** What new connections told: where they were tried, and which addresses took none. */
interface Reach {
  readonly ways: readonly MemberWays[];
  readonly unreached: readonly string[];
}

/** The ways to one member: outside the tunnel, and through it. */
interface MemberWays {
  readonly member: MemberId;
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
    .filter(({ id, hasLeft }) => id !== self.id && !hasLeft && self.seen.has(id))
    .toSorted((a, b) => Number(b.id === author) - Number(a.id === author))
    .slice(0, WAYS_MAX)
    .map(({ id, ipv4, ipv6, endpoints }) => {
      const outside = self.seen.get(id);
      const inside = { host: ipv4 ?? ipv6, port: endpoints?.port ?? self.port };
      return { member: id, to: outside === undefined ? [inside] : [outside, inside] };
    });
};

/** Cut off is who reaches the author by no way, or nobody at all. */
const isCutOff = ({ claim }: TrialOrder, { ways, unreached }: Reach): boolean => {
  const gone = ways.filter(({ to }) => to.every(({ host }) => unreached.includes(host)));
  if (gone.length === 0) return false;
  return gone.length === ways.length || gone.some(({ member }) => member === claim.author);
};
