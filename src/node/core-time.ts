/**
 * Loop: core time — what the election is held in now, and which terms can be of this time.
 *
 * 1. Epochs are cut on the hybrid clock: others' stamps raise it as far as `hlc.ts` lets them. Own
 *    stamps do not: a clock that was ahead would make them a time of its own until that has come.
 * 2. Whatever this VM's clock says, the time is that of most clocks in sight: else a member whose
 *    clock is wrong would elect in an epoch of its own, and know of no core.
 * 3. A term is of an epoch that has begun, on some clock that may differ from ours. What is later
 *    was taken by a wrong clock, or counted in shorter turns than those of now.
 */
import { AHEAD_MS_MAX, followedHlc } from '../crdt/hlc.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Ports } from '../ports.ts';
import type { LinkState } from './rules/answers.ts';
import { commonSkewMs } from './rules/clocks.ts';
import { type Constituency, epochAt, epochMsOf, placeInRing } from './rules/election.ts';

/** What it needs of the node. */
export interface CoreTimeContext {
  readonly self: MemberId;
  readonly view: () => View;
  /** The highest stamp seen of anybody else, Unix ms. */
  readonly seenMs: () => number;
  readonly link: (member: MemberId) => LinkState;
  /** By how much the clocks of connected members are ahead of this VM's, ms. */
  readonly skewsMs: () => ReadonlyMap<PeerKey, number>;
}

/** The time of the election. */
export interface CoreTime {
  /** What this member elects in, now. */
  constituency(): Omit<Constituency, 'passed'>;
  /** By how much most clocks are ahead of this VM's, ms. */
  skewMs(): number;
  /** The latest epoch whose terms can be believed. */
  latestEpoch(): number;
  /** When the next epoch begins, on the hybrid clock, Unix ms. */
  nextEpochMs(): number;
  /** How long this one lasts yet, ms; never 0. */
  epochEndsInMs(): number;
}

/** The time by this member's clocks. Places in the ring are remembered: they never change. */
export function createCoreTime(
  { clock, crypto }: Pick<Ports, 'clock' | 'crypto'>,
  { self, view, seenMs, link, skewsMs }: CoreTimeContext,
): CoreTime {
  const places = new Map<MemberId, string>();
  const place = (member: MemberId): string => {
    const known = places.get(member) ?? placeInRing(crypto, view().mesh.id, member);
    places.set(member, known);
    return known;
  };
  const skewMs = (): number => commonSkewMs([...skewsMs().values()]);
  const hlcMs = (): number => {
    const wallMs = Math.max(0, clock.wallMs() + skewMs());
    return Math.max(wallMs, followedHlc([seenMs(), 0], wallMs)[0]);
  };
  const epochNow = (): number => epochAt(view(), hlcMs());
  const linkOf = (id: MemberId): LinkState => (id === self ? 'alive' : link(id));
  return {
    constituency: () => ({ view: view(), epoch: epochNow(), place, link: linkOf }),
    skewMs,
    latestEpoch: () => epochAt(view(), hlcMs() + AHEAD_MS_MAX),
    nextEpochMs: () => (epochNow() + 1) * epochMsOf(view()),
    epochEndsInMs: () => {
      const epochMs = epochMsOf(view());
      return Math.max(1, epochMs - (hlcMs() % epochMs));
    },
  };
}
