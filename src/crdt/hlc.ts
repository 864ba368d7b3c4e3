/**
 * Rule: hlc — the hybrid logical clock that orders entries of different authors.
 *
 * 1. A new stamp is above every stamp that its writer has seen.
 * 2. A stamp more than `AHEAD_MS_MAX` ahead of our clock never raises our own.
 */

/** Physical milliseconds since the Unix epoch, then a counter within that millisecond. */
export type Hlc = readonly [ms: number, counter: number];

/**
 * How far ahead of our clock a stamp may be before its frame is held. Unit: ms. FORMATS, "Order".
 */
const AHEAD_MS_MAX = 10_000;

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

/** A stamp above `seen`, as close to the wall clock as that allows. */
export const nextHlc = (seen: Hlc, wallMs: number): Hlc => {
  if (wallMs > seen[0]) return [wallMs, 0];
  return seen[1] < COUNTER_MAX ? [seen[0], seen[1] + 1] : [seen[0] + 1, 0];
};

/** Whether a stamp is too far ahead of our clock to be taken yet. */
export const isAhead = (hlc: Hlc, wallMs: number): boolean => hlc[0] > wallMs + AHEAD_MS_MAX;
