/**
 * Rule: lb built — what this build can do of what the objects can say. What it cannot is refused
 * when somebody asks for it, never ignored.
 */
import type { Check } from './schemas.table.ts';

/** Checks that it carries out. */
export const CHECKS_BUILT: ReadonlySet<Check['kind']> = new Set(['tcp', 'http', 'exec', 'none']);
/** What it does not do yet of what it takes, as whoever asks for it is told; null: it does. */
export const NOT_YET: Readonly<Record<'health', string | null>> = {
  health: 'this version checks no backend yet: one that is down is tried all the same.',
};
