/**
 * Rule: meter — where long work may be left, so that others have their turn.
 *
 * It counts what work costs by estimates. Where a clock is given, a machine that is slower than the
 * one they were measured on has its pauses as often; in a simulation, whose clock stands still
 * while anybody works, the same work is left at the same places everywhere.
 */

/** Counts work. */
export interface Meter {
  /** Adds to the work since the last pause; whether one is due, and then counts anew. */
  isDue(costMs: number): boolean;
}

/**
 * Work after which a pause is due. Unit: ms. A tenth of the longest stall: several such works may
 * have a piece each in one turn, and machines are slow.
 */
const PIECE_MS = 5;

/** Work between two looks at the clock, by the estimates. Unit: ms. A look takes 0.0001 ms. */
const LOOK_MS = 0.1;

/** A meter for work that can be left in pieces. `nowMs`: a clock that is never set. */
export const openMeter = (nowMs: () => number = () => 0): Meter => {
  let [spentMs, unseenMs] = [0, 0];
  let sinceMs: number | null = null;
  const isLate = (): boolean => {
    if (unseenMs < LOOK_MS) return false;
    unseenMs = 0;
    sinceMs ??= nowMs();
    return nowMs() - sinceMs >= PIECE_MS;
  };
  return {
    isDue: (costMs) => {
      spentMs += costMs;
      unseenMs += costMs;
      if (spentMs < PIECE_MS && !isLate()) return false;
      [spentMs, unseenMs, sinceMs] = [0, 0, null];
      return true;
    },
  };
};

/** For work that is done in one piece. */
export const UNMETERED: Meter = { isDue: () => false };

/** Does all work at once; gives what came of it. */
export const finish = <Result>(work: Generator<unknown, Result>): Result => {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
};
