/**
 * Rule: join clock — whether a joiner's own clock is wrong, or that of a member which it asked.
 *
 * 1. Most of those that answered decide: one member with a wrong clock keeps nobody out, and a
 *    joiner with a wrong clock is not let in by the one member whose clock is as wrong.
 */

/** Clocks that differ more do not take each other's statements. Unit: ms. FORMATS, "Order". */
const SKEW_MS_MAX = 10_000;

/**
 * By how much our clock is ahead, ms, negative when behind; null unless most say that it is wrong.
 * `aheadsMs`: by how much it is ahead of each member's that answered, ms.
 */
export function wrongBy(aheadsMs: readonly number[]): number | null {
  const wrong = aheadsMs.filter(isOff).toSorted((a, b) => a - b);
  return wrong.length * 2 > aheadsMs.length ? (wrong[wrong.length >> 1] ?? null) : null;
}

/** Whether two clocks differ too much for one to admit the other. */
export const isOff = (aheadMs: number): boolean => Math.abs(aheadMs) > SKEW_MS_MAX;
