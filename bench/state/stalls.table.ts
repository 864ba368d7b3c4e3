/** What comes in while the event loop is watched. */
export const STALL_KINDS = ['crowd', 'keys', 'deletions', 'invites', 'admissions'] as const;

export type StallKind = (typeof STALL_KINDS)[number];
