/**
 * Rule: swim sighting — what one member has seen and heard of another, and what follows from it.
 *
 * 1. Only own trying makes a member suspect or dead: what others say starts the clock of the
 *    suspicion, and lets it end sooner, but without a failure of one's own it has no end.
 * 2. A failure of one's own must last a while of its own, however long others have said so.
 * 3. A sign of life ends all of it at once.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { LinkState } from './answers.ts';
import { type Preset, suspicionMs } from './swim-presets.ts';

/** What this member holds of another, with all that others say: its place in rings and lists. */
export type MeshWord = 'unknown' | 'alive' | 'suspect' | 'dead';
/** How it went when this member last tried it itself: what balancers and routes go by. */
export type OwnWord = 'untried' | 'reached' | 'late' | 'unreached';

/**
 * What it is by: nobody had an answer; its host said that nothing listens; it answered; its own
 * signed word came.
 */
export type Cause = 'silence' | 'refusal' | 'answer' | 'word';

/** A member as another one sees it. */
export interface Sighting {
  readonly member: MemberId;
  mesh: MeshWord;
  own: OwnWord;
  /** By what it is alive, suspect or dead. */
  cause: Cause;
  /** The latest that it has signed, and its signature; 0 and null before. */
  incarnation: number;
  signature: Uint8Array | null;
  /** When the first word of it came, whoever told it. Monotonic ms; null before. */
  heardMs: number | null;
  /** Whether it has told its life itself: others may tell an old one. */
  isLifeSure: boolean;
  /** Who says, for itself, that it does not answer. */
  readonly accusers: Set<MemberId>;
  /** When that was first said or seen, since the last sign of life. Monotonic ms. */
  suspectedMs: number | null;
  /** When a probe of this member's own first failed wholly, since the last sign of life. */
  failedMs: number | null;
  /** Whether others were told of that failure. */
  isTold: boolean;
  /** When a probe last showed that others were wrong. */
  disprovedMs: number;
  /** Probes in a row that were not answered directly and in time. */
  misses: number;
}

/**
 * Denials of a doubt that one life of a member has room for: its incarnation is the number of its
 * life times this, and one more for each of them. So all see that a daemon has started again, also
 * one that was not missed meanwhile. At one a second it is half a year.
 */
export const LIFE = 2 ** 24;

/** Which of its lives a member has this incarnation in. */
export const lifeOf = (incarnation: number): number => Math.floor(incarnation / LIFE);

/**
 * Lives are numbered by the minute in which they begin, by the member's clock, so that an old word
 * is known by its age; and each is later than the last, however soon it follows, whatever the
 * clock says. Beyond 2041 they are only counted: there is room for as many again.
 */
const FIRST_MS = Date.UTC(2026, 0);
const MINUTE_MS = 60_000;
const MINUTES_MAX = 2 ** 23;

/** The life after that of an incarnation, 0 where there was none. `wallMs`: this host's time. */
export function lifeAfter(incarnation: number, wallMs: number): number {
  const minute = Math.floor((wallMs - FIRST_MS) / MINUTE_MS);
  return Math.max(lifeOf(incarnation) + 1, Math.min(minute, MINUTES_MAX));
}

/** What is known of a member's lives. */
export interface Life {
  /** Greater than that of any before. */
  readonly number: number;
  /** When it began at the latest, by the member's clock, and when its first word was heard. */
  readonly beganMs: number;
  readonly heardMs: number;
  /** Whether it has told of it itself: what others tell may be an old one. */
  readonly isSure: boolean;
}

/** When a life began at the latest, wall ms, unless its member's clock was wrong. */
export const lifeBeganMs = (life: number): number => FIRST_MS + (life + 1) * MINUTE_MS;

/** Probes in a row that have to be missed before a member counts as slow. */
export const MISSES_MAX = 3;
/** Periods that a failure of one's own has to last. Invariant 2. */
const FAILED_PERIODS_MIN = 2;

/** A member of whom nothing is known. */
export const createSighting = (member: MemberId): Sighting => ({
  member,
  mesh: 'unknown',
  own: 'untried',
  cause: 'silence',
  incarnation: 0,
  signature: null,
  heardMs: null,
  isLifeSure: false,
  accusers: new Set(),
  suspectedMs: null,
  failedMs: null,
  isTold: false,
  disprovedMs: Number.NEGATIVE_INFINITY,
  misses: 0,
});

/** The state in which the member is shown. */
export function shownState({ mesh, own }: Pick<Sighting, 'mesh' | 'own'>): LinkState {
  if (mesh === 'dead' || mesh === 'suspect') return mesh;
  if (mesh === 'unknown') return 'suspect';
  return own === 'late' || own === 'unreached' ? 'degraded' : 'alive';
}

/** Why it is shown so, in words; null while nothing is known. */
export function whyShown(seen: Pick<Sighting, 'mesh' | 'own' | 'cause'>): string | null {
  const { mesh, own, cause } = seen;
  if (mesh === 'unknown') return null;
  if (shownState(seen) === 'degraded') {
    return own === 'late' ? 'it answers late' : 'others reach it, this member does not';
  }
  return CAUSES[cause];
}
const CAUSES: Readonly<Record<Cause, string>> = {
  silence: 'no answer, directly or through others',
  refusal: 'its host answers, its daemon does not',
  answer: 'it answers',
  word: 'its own word came',
};

/** How a sign of life came. */
export type Proof = 'prompt' | 'late' | 'indirect' | 'heard';

/** A sign of life. */
export function prove(seen: Sighting, proof: Proof, nowMs: number): void {
  if (seen.suspectedMs !== null) seen.disprovedMs = nowMs;
  absolve(seen, proof === 'heard' ? 'word' : 'answer');
  if (proof === 'prompt') {
    seen.own = 'reached';
    seen.misses = 0;
  } else if (proof !== 'heard') {
    seen.misses += 1;
    const isKnown = seen.own === 'reached' || seen.own === 'untried';
    if (seen.misses >= MISSES_MAX || !isKnown) {
      seen.own = proof === 'late' ? 'late' : 'unreached';
    }
  }
}

/** Nothing is held against it any more. */
export function absolve(seen: Sighting, cause: Cause): void {
  seen.cause = cause;
  seen.mesh = 'alive';
  seen.accusers.clear();
  seen.suspectedMs = null;
  seen.failedMs = null;
  seen.isTold = false;
}

/** A probe failed, the member's own and through others; or a dial did. */
export function fail(seen: Sighting, nowMs: number, cause: Cause): void {
  seen.cause = cause;
  seen.own = 'unreached';
  seen.misses += 1;
  seen.suspectedMs ??= nowMs;
  seen.failedMs ??= nowMs;
  if (seen.mesh !== 'dead') seen.mesh = 'suspect';
}

/** When the suspicion ends in death, monotonic ms; null when it has no end as things are. */
export function deathMs(seen: Sighting, preset: Preset, members: number): number | null {
  const { mesh, suspectedMs, failedMs, accusers } = seen;
  if (mesh !== 'suspect' || suspectedMs === null || failedMs === null) return null;
  return Math.max(
    suspectedMs + suspicionMs(preset, members, accusers.size),
    failedMs + FAILED_PERIODS_MIN * preset.periodMs,
  );
}

/** Time that passed while this program stood still counts for nobody's death. */
export function shift(seen: Sighting, byMs: number): void {
  if (seen.suspectedMs !== null) seen.suspectedMs += byMs;
  if (seen.failedMs !== null) seen.failedMs += byMs;
}
