/**
 * Rule: bucket — how much of something each key may use: a burst at once, then so much per second.
 *
 * It may go into debt: what is larger than the burst is still taken, and waited for afterwards.
 */

/** Levels of all keys. Whoever asks brings the time, ms, never going back. */
export interface Buckets {
  /** How much is left for the key; less than nothing while it is in debt. */
  left(key: string, nowMs: number): number;
  /** Whether anything is left for the key. */
  hasLeft(key: string, nowMs: number): boolean;
  /** How long until the key is out of debt, ms; 0 when it is in none. */
  waitMs(key: string, nowMs: number): number;
  /** Takes from what is left for the key, into debt if need be; gives the wait after it, ms. */
  spend(key: string, amount: number, nowMs: number): number;
}

/** Full buckets are forgotten when there are more than this. A mesh has some hundred members. */
const KEYS_MAX = 1_024;

interface Level {
  left: number;
  atMs: number;
}

/** Makes full buckets. */
export function createBuckets(burst: number, perSecond: number): Buckets {
  const levels = new Map<string, Level>();
  const left = (key: string, nowMs: number): number => {
    const level = levels.get(key);
    if (level === undefined) return burst;
    return Math.min(burst, level.left + ((nowMs - level.atMs) / 1_000) * perSecond);
  };
  const forgetFull = (nowMs: number): void => {
    for (const key of levels.keys()) if (left(key, nowMs) >= burst) levels.delete(key);
  };
  const waitMs = (key: string, nowMs: number): number =>
    (Math.max(0, -left(key, nowMs)) / perSecond) * 1_000;
  return {
    left,
    waitMs,
    hasLeft: (key, nowMs) => left(key, nowMs) > 0,
    spend: (key, amount, nowMs) => {
      levels.set(key, { left: left(key, nowMs) - amount, atMs: nowMs });
      if (levels.size > KEYS_MAX) forgetFull(nowMs);
      return waitMs(key, nowMs);
    },
  };
}
