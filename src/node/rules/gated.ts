/** Rule: gated — what a dial says of whom it met, in words that loops go by. */
import { Fault } from '../../fault.ts';

/** The `why` when whoever was dialled answered, and then cut the dialler: its holder is there. */
export const LETS_NOT_IN = 'does not let this key in';

/**
 * How long members may cut this VM off before that tells something, though others talk to it. Unit:
 * ms. Twice the time within which each member compares what it knows with another one.
 */
export const CUT_MS = 60_000;

/** Whether a dial failed because the member itself answered, by its key, and cut the dialler. */
export const isCutOff = (error: unknown): boolean =>
  error instanceof Fault && error.facts.why.startsWith(LETS_NOT_IN);

/** The `why` when the host said of every endpoint dialled that no program listens there. */
export const NOBODY_LISTENS = 'nothing listens there';

/** Whether a dial failed because the hosts that were dialled live and nobody listens on them. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Fault && error.facts.why === NOBODY_LISTENS;
