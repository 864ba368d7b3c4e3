/**
 * Rule: repairs — what was repaired on this host lately, and whether somebody undoes it each time.
 *
 * One repair is a hand's slip and made good at once. The same again and again is another program
 * with another mind: to fight it would load the host and settle nothing, so repairs become rare and
 * a person is told.
 */
import type { Found, Problem } from '../../services/service.ts';

/** Repairs of one thing, each soon after the last. `lastMs`: monotonic clock. */
interface Series {
  readonly times: number;
  readonly lastMs: number;
}

/** What was found → how often. */
export type Repairs = ReadonlyMap<string, Series>;

/** Nothing was repaired yet. */
export const NO_REPAIRS: Repairs = new Map();

/**
 * Repairs further apart are not of one series. Unit: ms. Twice the longest pause, so that a
 * fight does not look settled between two of its rounds.
 */
const SERIES_MS = 60_000;

/** Repairs in a row that a person may cause who tries things out. */
const TIMES_MAX = 3;

/** First and longest pause between two repairs of a fight. Unit: ms. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 30_000;

/** Adds what a pass found and repaired at `nowMs`, and forgets what is over. */
export const afterRepair = (repairs: Repairs, found: Found, nowMs: number): Repairs => {
  const live = new Map([...repairs].filter(([, { lastMs }]) => nowMs - lastMs < SERIES_MS));
  for (const what of found) {
    live.set(what, { times: (live.get(what)?.times ?? 0) + 1, lastMs: nowMs });
  }
  return live;
};

/** What somebody else changes as often as it is repaired. */
export interface Fight {
  readonly problem: Problem;
  /** How long to leave the host alone after a repair. */
  readonly pauseMs: number;
  /** When it is over if nothing more is found, ms from now. */
  readonly leftMs: number;
}

/** The fight of the thing repaired most often, or null when there is none. */
export const fightOf = (repairs: Repairs, service: string, nowMs: number): Fight | null => {
  const worst = [...repairs]
    .filter(([, { times, lastMs }]) => times > TIMES_MAX && nowMs - lastMs < SERIES_MS)
    .toSorted(([, a], [, b]) => b.times - a.times)[0];
  if (worst === undefined) return null;
  const [what, { times, lastMs }] = worst;
  const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (times - TIMES_MAX));
  const problem =
    `${service}: ${what}: repaired again and again, so another program undoes it; ` +
    `find that program and stop it; trying on every ${Math.round(pauseMs / 1000)} s`;
  return { problem, pauseMs, leftMs: lastMs + SERIES_MS - nowMs };
};
