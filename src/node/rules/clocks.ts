/**
 * Rule: clocks — whose clock is wrong, and how an operator is told.
 *
 * Only alarms come of it, and whose turn it is to have the core role: the order of statements never
 * depends on what members say of their clocks, and one that lies is named itself where others do
 * not agree.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';

/** An author whose statements wait because its clock is ahead of ours. */
export interface Ahead {
  readonly author: MemberId;
  readonly aheadMs: number;
}

/** What this VM sees of clocks. */
export interface ClockSight {
  readonly ahead: readonly Ahead[];
  /** By how much the clocks of connected members are ahead of this VM's, ms. */
  readonly skewsMs: ReadonlyMap<PeerKey, number>;
}

/**
 * A difference that people are told of. Unit: ms. Half of the 10 s from which on statements wait
 * (FORMATS, "Order"), and far more than measuring over a slow line can be wrong.
 */
const SKEW_MS_MIN = 5_000;

/**
 * By how much the time of most is ahead of this VM's, ms: the middle of all clocks, its own among
 * them. Of two in the middle it is the earlier one, so that the two members of a mesh hold the same
 * for the time. `skewsMs`: theirs minus ours, one for each member.
 */
export const commonSkewMs = (skewsMs: readonly number[]): number => {
  const sorted = [0, ...skewsMs].toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
};

/** Whether a clock from which most differ by so much, ms, is one that people are told of. */
export const isClockWrong = (skewMs: number): boolean => Math.abs(skewMs) >= SKEW_MS_MIN;

/**
 * By how much more than half of the members' clocks differ from ours, in one direction; null when
 * that is little. `skewsMs`: theirs minus ours, one for each member.
 */
const skewToTell = (skewsMs: readonly number[]): number | null => {
  const sorted = skewsMs.toSorted((a, b) => a - b);
  const middle = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[sorted.length >> 1]];
  const [low = 0, high = 0] = middle;
  if (low >= SKEW_MS_MIN) return low;
  return high <= -SKEW_MS_MIN ? high : null;
};

/** What an operator should look at. */
export const clockAlarms = (view: View, { ahead, skewsMs }: ClockSight): readonly string[] => {
  const nameOf = (id: PeerKey): string =>
    view.members.find((member) => member.id === id)?.name ?? id;
  const skewMs = skewToTell([...skewsMs.values()]);
  if (skewMs !== null) {
    const [only] = skewsMs.size === 1 ? skewsMs.keys() : [];
    const others =
      only === undefined ? "most members'" : `${nameOf(only)}'s, the only one in sight`;
    const what = `this VM's clock is ${inWords(skewMs)} ${directionOf(-skewMs)} ${others}`;
    return [`${what}; ${only === undefined ? REMEDY_HERE : REMEDY_EITHER}`];
  }
  const waiting = new Map<PeerKey, number>(ahead.map((one) => [one.author, one.aheadMs]));
  const off = [...skewsMs].filter(([, memberMs]) => Math.abs(memberMs) >= SKEW_MS_MIN);
  const differing = new Map<PeerKey, number>([...waiting, ...off]);
  return [...differing].map(([id, memberMs]) => {
    const amount = `${inWords(memberMs)} ${directionOf(memberMs)}`;
    const what = `clock of ${nameOf(id)} is ${amount} this VM's`;
    return `${what}${waiting.has(id) ? ', so what it says waits' : ''}; ${REMEDY_THERE}`;
  });
};

const REMEDY_HERE = 'set the clock right, with chrony or timedatectl';
const REMEDY_THERE = 'set that clock right, with chrony or timedatectl';
const REMEDY_EITHER = 'set the wrong one right, with chrony or timedatectl';

const directionOf = (aheadMs: number): string => (aheadMs > 0 ? 'ahead of' : 'behind');

/** In the largest unit of which there are at least two. */
const inWords = (durationMs: number): string => {
  const seconds = Math.round(Math.abs(durationMs) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
};
