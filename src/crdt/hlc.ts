/**
 * Rule: hlc — the hybrid logical clock that orders entries of different authors.
 *
 * 1. A new stamp is above every stamp that its writer has seen, as far as those are at most
 *    `FOLLOWED_MS_MAX` ahead of its clock; and always above its own and those at the same path.
 * 2. A stamp more than `AHEAD_MS_MAX` ahead of our clock never raises our own. What lies between
 *    the two is room for clocks that differ: one member that stamps as late as it may would else
 *    push the stamps of all to where somebody holds them.
 */

/** Physical milliseconds since the Unix epoch, then a counter within that millisecond. */
export type Hlc = readonly [ms: number, counter: number];

/**
 * How far ahead of our clock a stamp may be before its frame is held. Unit: ms. FORMATS, "Order".
 */
export const AHEAD_MS_MAX = 10_000;

/** How far ahead of our clock others' stamps raise ours. Unit: ms. Half of what is taken. */
export const FOLLOWED_MS_MAX = 5_000;

/**
 * Highest counter. A stamp beyond it is no stamp, or one author could push all others to where
 * integers end.
 */
export const COUNTER_MAX = 2 ** 32;

/** The lowest stamp. */
export const HLC_ZERO: Hlc = [0, 0];

/** Negative, zero or positive, as for `Array.sort`. */
export const compareHlc = (a: Hlc, b: Hlc): number => a[0] - b[0] || a[1] - b[1];

/** The higher of two stamps. */
export const maxHlc = (a: Hlc, b: Hlc): Hlc => (compareHlc(a, b) >= 0 ? a : b);

/** The lower of two stamps. */
export const minHlc = (a: Hlc, b: Hlc): Hlc => (compareHlc(a, b) <= 0 ? a : b);

/** As much of others' stamps as ours follow. */
export const followedHlc = (seen: Hlc, wallMs: number): Hlc =>
  seen[0] > wallMs + FOLLOWED_MS_MAX ? [wallMs + FOLLOWED_MS_MAX, 0] : seen;

/** A stamp above `seen`, as close to the wall clock as that allows. */
export const nextHlc = (seen: Hlc, wallMs: number): Hlc => {
  if (wallMs > seen[0]) return [wallMs, 0];
  return seen[1] < COUNTER_MAX ? [seen[0], seen[1] + 1] : [seen[0] + 1, 0];
};

/** Whether a stamp is too far ahead of our clock to be taken yet. */
export const isAhead = (hlc: Hlc, wallMs: number): boolean => hlc[0] > wallMs + AHEAD_MS_MAX;
