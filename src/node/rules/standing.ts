/**
 * Rule: standing — who may stay connected after Noise, and as what.
 *
 * 1. A member in the view, or the holder of an invite that the view knows; everybody else is cut.
 * 2. Evicted members are strangers, whatever else names them.
 * 3. Before this VM has read the state once, and while its journal is in doubt, the members that it
 *    has pinned count as members.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Invite, Member, View } from '../../crdt/view.ts';
import type { Standing } from '../../ports.ts';

/**
 * How long after its expiry an invite's holder is still told that it expired. Unit: ms. FORMATS,
 * "Connection".
 */
const TELL_EXPIRED_MS = 24 * 3_600_000;

/** Members that are named on this VM itself. */
export interface Pinned {
  readonly self: MemberId;
  /** Those that the token pinned; while the journal is in doubt, those that are remembered. */
  readonly entries: ReadonlySet<string>;
  readonly isInDoubt: () => boolean;
}

/** The standing of a peer. */
export function standingOf(view: View, local: Pinned, wallMs: number): (peer: PeerKey) => Standing {
  const { members, evicted, invites } = rollOf(view);
  const isBootstrapping = !members.has(local.self) || local.isInDoubt();
  return (peer) => {
    if (evicted.has(peer)) return 'stranger';
    const member = members.get(peer);
    if (member !== undefined) return member.hasLeft ? 'stranger' : 'member';
    if (isBootstrapping && local.entries.has(peer)) return 'member';
    const invite = invites.get(peer);
    if (invite !== undefined && wallMs <= invite.expiryMs + TELL_EXPIRED_MS) return 'invite';
    return 'stranger';
  };
}

/** Who is named in a view, by key. */
interface Roll {
  readonly members: ReadonlyMap<PeerKey, Member>;
  readonly evicted: ReadonlySet<PeerKey>;
  readonly invites: ReadonlyMap<PeerKey, Invite>;
}

/** Views do not change, and each peer is asked about by itself. */
const rolls = new WeakMap<View, Roll>();

function rollOf(view: View): Roll {
  const roll = rolls.get(view) ?? {
    members: new Map(view.members.map((member) => [member.id as PeerKey, member])),
    evicted: new Set<PeerKey>(view.evicted),
    invites: new Map(view.invites.map((invite) => [invite.id as PeerKey, invite])),
  };
  rolls.set(view, roll);
  return roll;
}
