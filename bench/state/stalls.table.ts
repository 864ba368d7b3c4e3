/**
 * What is done while the event loop is watched. Somebody else's snapshot comes in: `keys`,
 * `deletions`, `invites`, `admissions` that do not hold, `members` whose admissions do; a whole mesh:
 * `crowd`; a word of somebody who says as much as one may: `change`; this member says as much in a
 * generation of its own: `own`.
 */
export const STALL_KINDS = [
  'crowd',
  'keys',
  'deletions',
  'invites',
  'admissions',
  'members',
  'change',
  'own',
] as const;

export type StallKind = (typeof STALL_KINDS)[number];

/** How long the event loop was held up at most. Unit: ms. */
export interface Stall {
  /** CPU time of the main thread in one turn. */
  readonly cpuMs: number;
  /** What a timer waited. */
  readonly delayMs: number;
}
