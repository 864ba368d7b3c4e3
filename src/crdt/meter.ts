/**
 * Rule: meter — where long work may be left, so that others have their turn.
 *
 * It counts what work costs by estimates, not by a clock: the same work is left at the same places
 * everywhere.
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

/** A meter for work that can be left in pieces. */
export const openMeter = (): Meter => {
  let spentMs = 0;
  return {
    isDue: (costMs) => {
      spentMs += costMs;
      if (spentMs < PIECE_MS) return false;
      spentMs = 0;
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
