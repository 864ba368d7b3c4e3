/** Rule: gated — what a dial says of whom it met, in words that loops go by. */
import { Fault } from '../../fault.ts';

/** The `why` when whoever was dialled answered, and then cut the dialler: its holder is there. */
export const LETS_NOT_IN = 'does not let this key in';

/** The `why` when the host said of every endpoint dialled that no program listens there. */
export const NOBODY_LISTENS = 'nothing listens there';

/** Whether a dial failed because the hosts that were dialled live and nobody listens on them. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Fault && error.facts.why === NOBODY_LISTENS;
