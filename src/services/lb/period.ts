/** Rule: lb period — how long it is from one probe of a target to the next, by why it is probed. */
import { DOUBT_TRIES, type Reason } from './cell.ts';

/** Time between two probes of one target. Unit: ms. */
const PERIOD_MS = 1_000;
/** From the first of one that is doubted to the second, which decides. Unit: ms. */
const HURRY_MS = 250;
/** Of one that is doubted, or down, for long; of one of which nobody speaks. Unit: ms. */
const RARE_MS = 5_000;
/** Probes of one that is down before they become rarer. */
const RETURN_TRIES = 30;

/** The time, ms. `tries`: probes for this reason so far. */
export const periodOf = (reason: Reason, tries: number): number => {
  if (reason === 'mute') return RARE_MS;
  if (reason === 'doubt' && tries === 1) return HURRY_MS;
  if (reason === 'doubt') return tries < DOUBT_TRIES ? PERIOD_MS : RARE_MS;
  if (reason === 'return') return tries < RETURN_TRIES ? PERIOD_MS : RARE_MS;
  return PERIOD_MS;
};
