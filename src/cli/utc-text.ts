/**
 * Rule: UTC text — a moment as people read it in a table.
 */

/** `2026-11-20 12:00:01`, in UTC, of a moment in ISO 8601; to the minute: `2026-11-20 12:00`. */
export const utcText = (iso: string, until: 'second' | 'minute' = 'second'): string =>
  iso.slice(0, until === 'second' ? 19 : 16).replace('T', ' ');
