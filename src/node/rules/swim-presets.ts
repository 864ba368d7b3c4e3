/**
 * Rule: swim presets — how often members are probed, and how long a suspicion lasts.
 *
 * Two clouds are 10 to 150 ms apart, which the LAN preset takes. Only what is further than that
 * needs the other one.
 */

/** Times in ms. */
export interface Preset {
  readonly name: 'lan' | 'wan';
  /** One member is probed in each; also how long a probe may take at all. */
  readonly periodMs: number;
  /** After this long without an answer others are asked to try. */
  readonly answerMs: number;
  /** An answer that comes later than this is late. */
  readonly promptMs: number;
  /** Longest round trip that it is for. */
  readonly roundTripMs: number;
  /** Others that are asked. */
  readonly helpers: number;
  /** Periods that a suspicion lasts at least, for each power of ten of members. */
  readonly suspicionPeriods: number;
  /** How often news is told, while there is any, and to how many at least. */
  readonly gossipMs: number;
  readonly gossipTo: number;
}

/** Times of memberlist's LAN preset (config.go, v0.6.0). */
export const LAN: Preset = {
  name: 'lan',
  periodMs: 1_000,
  answerMs: 500,
  promptMs: 500,
  roundTripMs: 200,
  helpers: 3,
  suspicionPeriods: 4,
  gossipMs: 200,
  gossipTo: 3,
};

/**
 * For round trips of 150 to 400 ms. Others are asked as soon as an answer can be missed, for theirs
 * takes two of them; up to 250 ms what was lost once and sent again by TCP still comes promptly. A
 * death is known by all of twenty in 7 s (docs/BENCHMARKS.md, "Liveness, modelled"); memberlist's
 * own, with periods of 5 s and 30 s of suspicion at least, is for networks that are often worse.
 */
export const WAN: Preset = {
  name: 'wan',
  periodMs: 1_250,
  answerMs: 425,
  promptMs: 700,
  roundTripMs: 400,
  helpers: 3,
  suspicionPeriods: 3,
  gossipMs: 250,
  gossipTo: 4,
};

/**
 * After so long a helper says that it has no answer yet. With a round trip to the helper that is
 * within what each preset leaves of a probe once others are asked, and helpers need not know by
 * which one the asker goes: denials that came too late made each death the asker's own fault.
 * memberlist: 80 % of the time for an answer. Unit: ms.
 */
export const DENIAL_MS = 250;

/** A path beyond the LAN's round trips counts as one again only below this. Unit: ms. */
const LAN_RTT_MS = 120;
/** Most of the members decide, or one far member would slow all. */
const QUANTILE = 0.75;

/** The preset for these round trips, ms, as measured. With none measured it stays. */
export function presetFor(rttsMs: readonly number[], now: Preset): Preset {
  const sorted = rttsMs.toSorted((a, b) => a - b);
  const typical = sorted[Math.floor((sorted.length - 1) * QUANTILE)];
  if (typical === undefined) return now;
  if (typical > LAN.roundTripMs) return WAN;
  return typical < LAN_RTT_MS ? LAN : now;
}

/**
 * How much longer it lasts for each power of ten of members. memberlist has 1, and tells of a first
 * probe that failed; here a second has begun by then.
 */
const SCALE = 0.75;
/** Longest suspicion over shortest. memberlist: SuspicionMaxTimeoutMult. */
const LONGEST = 6;

/**
 * How long a suspicion lasts, ms, that `accusers` others share, in a mesh of so many members.
 * Lifeguard: alone one waits long, for the fault may be one's own.
 */
export function suspicionMs(preset: Preset, members: number, accusers: number): number {
  const scale = Math.max(1, SCALE * Math.log10(Math.max(1, members)));
  const leastMs = preset.suspicionPeriods * scale * preset.periodMs;
  const expected = members - 2 < EXPECTED ? 0 : EXPECTED;
  if (expected === 0 || accusers >= expected) return leastMs;
  const share = Math.log(accusers + 1) / Math.log(expected + 1);
  return Math.max(leastMs, leastMs * (LONGEST - share * (LONGEST - 1)));
}
/** Others that have to agree for the shortest suspicion. memberlist LAN: SuspicionMult - 2. */
const EXPECTED = 2;
