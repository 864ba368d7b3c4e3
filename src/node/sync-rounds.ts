/**
 * Loop: sync rounds — when a neighbour is compared with though nothing marked it: whatever else
 * happens meanwhile, since whoever could put that off could keep loss from being healed.
 */
import type { Ports } from '../ports.ts';

/**
 * Longest time between two, and the least of it. Unit: ms. I9 (`sim/invariants.table.ts`) leaves
 * 30 s, 2 s of them for the exchange; idle traffic must be small.
 */
const ROUND_MS = 28_000;
const ROUND_LEAST = 0.6;

/** The times of the rounds. */
export interface Rounds {
  /** Until the next one, ms; 0 when it is due. */
  dueInMs(): number;
  /** Whether one is due; then the next one is drawn. */
  takeDue(): boolean;
}

/** The first one is one round from now. */
export function createRounds({ clock, random }: Pick<Ports, 'clock' | 'random'>): Rounds {
  const draw = (): number =>
    clock.monotonicMs() + ROUND_MS * (ROUND_LEAST + (1 - ROUND_LEAST) * random.fraction());
  let dueMs = draw();
  const dueInMs = (): number => Math.max(0, dueMs - clock.monotonicMs());
  return {
    dueInMs,
    takeDue: () => {
      const isDue = dueInMs() === 0;
      if (isDue) dueMs = draw();
      return isDue;
    },
  };
}
