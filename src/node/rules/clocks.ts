/**
 * Rule: clocks — whose clock is wrong, and how an operator is told.
 *
 * Only alarms come of it: the order of statements never depends on what members say of their
 * clocks, and one that lies raises no alarm where others do not agree.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';

/** An author whose statements wait because its clock is ahead of ours. */
export interface Ahead {
  readonly author: MemberId;
  readonly aheadMs: number;
}

/** What this VM sees of clocks. */
export interface ClockSight {
  readonly ahead: readonly Ahead[];
  /** How far most members' clocks are ahead of this VM's, ms; null when they are not. */
  readonly skewMs: number | null;
}

/**
 * A difference that people are told of. Unit: ms. Half of the 10 s from which on statements wait
 * (FORMATS, "Order"), and far more than measuring over a slow line can be wrong.
 */
const SKEW_MS_MIN = 5_000;

/**
 * By how much more than half of the members' clocks differ from ours, in one direction; null when
 * that is little. `skewsMs`: theirs minus ours, one for each member.
 */
export const commonSkewMs = (skewsMs: readonly number[]): number | null => {
  const sorted = skewsMs.toSorted((a, b) => a - b);
  const middle = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[sorted.length >> 1]];
  const [low = 0, high = 0] = middle;
  if (low >= SKEW_MS_MIN) return low;
  return high <= -SKEW_MS_MIN ? high : null;
};

/** What an operator should look at. */
export const clockAlarms = (view: View, { ahead, skewMs }: ClockSight): readonly string[] => {
  if (skewMs !== null) {
    const direction = skewMs < 0 ? 'ahead of' : 'behind';
    return [`this VM's clock is ${inSeconds(skewMs)} ${direction} most members'`];
  }
  return ahead.map(({ author, aheadMs }) => {
    const name = view.members.find(({ id }) => id === author)?.name ?? author;
    return `clock of ${name} is ${inSeconds(aheadMs)} ahead of this VM's`;
  });
};

const inSeconds = (durationMs: number): string => `${Math.round(Math.abs(durationMs) / 1_000)} s`;
