/**
 * Rule: lb cell — what one member knows of one target: what it found itself, what the target's own
 * member says, and what follows from both.
 *
 * 1. Down by a probe of one's own and by nothing else; of a program's check, by its own member's
 *    word, for nobody else can run it.
 * 2. A refused connection is enough; silence must last: three probes on the own VM, two to another,
 *    one where its own member says that it waits longer than usual or is down.
 * 3. What this member lacks itself (descriptors, a way there) is told, and held against nobody.
 * 4. Up after two good probes, one where its own member says that it is up.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Liveliness } from '../loop.ts';
import type { Target } from './checks.ts';
import type { Health, HealthState } from './health.ts';
import { sightOf, UNKNOWN, UNTRIED, untriedFor, VM_SILENT } from './health.ts';
import type { Said } from './health-word.ts';
import { isGood, isPlain, isUnable, lackText, type Outcome, wordsOf } from './outcomes.ts';

const FALL_OWN = 3;
const FALL = 2;
const FALL_DOUBTED = 1;
/** Probes for a doubt before they become rarer. */
export const DOUBT_TRIES = 10;
const RISE = 2;
const RISE_TOLD = 1;
/** A probe that waits longer than this is worth a word to others. Unit: ms. */
const LATE_MS = 1_000;
/** How long that word stands after the last that did, or it would come and go. Unit: ms. */
const LATE_HOLD_MS = 5_000;

/**
 * Why this member probes a target: it is its own; it lets clients from outside to it; somebody has
 * doubts; its own last probe failed; none of its own has told yet; nobody says anything of it.
 * Null: it need not.
 */
export type Reason = 'own' | 'path' | 'doubt' | 'return' | 'first' | 'mute' | null;

/** What is known of one target. */
export interface Cell {
  target: Target;
  readonly isOwn: boolean;
  /** Clients from outside come to it through this member. */
  isPath: boolean;
  /** By probes of this member. */
  state: HealthState;
  outcome: Outcome;
  good: number;
  bad: number;
  /** What came of the last bad one. */
  failed: Outcome;
  /** Why the last probes of this member could not even try, and how many; empty: they could. */
  lack: Outcome;
  lacks: number;
  /**
   * Probes of this member told once how it is; where it makes none, the failure detector did. What
   * others say of it before may be old.
   */
  isTried: boolean;
  /** What its own member says of it, and how that lives. */
  said: Said | null;
  liveliness: Liveliness;
  /** Since when probes run, monotonic ms. */
  readonly running: Set<number>;
  lateUntilMs: number;
  /** When the next probe is due, monotonic ms; and how many there were for this reason. */
  dueMs: number;
  tries: number;
  reason: Reason;
  /** Its health, as it stands in sights. */
  sight: string;
  /** Where it stands among those that are to be probed (`queue.ts`). */
  place: Place | null;
  /** What was last said of it to others; empty: nothing. */
  saying: string;
}

/** A place in a line. It counts as long as its cell has it. */
export interface Place {
  readonly cell: Cell;
  readonly dueMs: number;
  readonly isUrgent: boolean;
  /** Of those that are due at once who came first goes first. */
  readonly order: number;
}

/** A cell of which nothing is known yet. */
export const openCell = (self: MemberId, target: Target): Cell => ({
  target,
  isOwn: target.member === self,
  isPath: target.member !== self && target.frontends.has(self),
  ...{ state: 'unknown', outcome: '', good: 0, bad: 0, failed: '', isTried: false },
  ...{ lack: '', lacks: 0 },
  ...{ said: null, liveliness: 'unknown', running: new Set(), lateUntilMs: 0 },
  ...{ dueMs: Number.POSITIVE_INFINITY, tries: 0, reason: null, sight: sightOf(UNTRIED) },
  ...{ place: null, saying: '' },
});

/** What is known of one target is so of the same in another view. */
export const aimAt = (cell: Cell, self: MemberId, target: Target): Cell => {
  cell.target = target;
  cell.isPath = target.member !== self && target.frontends.has(self);
  return cell;
};

const isDoubted = ({ said, liveliness }: Cell): boolean =>
  said?.state === 'down' ||
  said?.state === 'late' ||
  liveliness === 'suspect' ||
  liveliness === 'dead';

/** Why the target is to be probed now. `mayRun`: whether programs may be run on this VM. */
export function reasonOf(cell: Cell, mayRun: boolean): Reason {
  const { kind } = cell.target.check;
  if (kind === 'none') return null;
  if (cell.isOwn) return kind === 'exec' && !mayRun ? null : 'own';
  if (kind === 'exec') return null;
  if (cell.isPath) return 'path';
  if (isDoubted(cell)) return 'doubt';
  if (cell.state === 'down') return 'return';
  if (!cell.isTried) return 'first';
  return cell.said === null || cell.said.state === 'barred' ? 'mute' : null;
}

/**
 * Whether it is probed before others: it was tried, and now somebody has doubts that are new, or
 * one more failure decides.
 */
export const isUrgent = (cell: Cell): boolean => {
  const { isOwn, isPath, isTried, state, bad, tries } = cell;
  if (isOwn || !isTried || state === 'down') return false;
  return bad > 0 || (isDoubted(cell) && (isPath || tries < DOUBT_TRIES));
};

/** Takes what came of a probe. */
export function take(cell: Cell, outcome: Outcome): void {
  if (isUnable(outcome)) {
    cell.lack = outcome;
    cell.lacks += 1;
    return;
  }
  Object.assign(cell, { lack: '', lacks: 0 });
  if (isGood(outcome)) {
    cell.good += 1;
    cell.bad = 0;
    if (cell.state === 'down' && cell.good < riseOf(cell)) return;
    Object.assign(cell, { state: 'up', outcome, isTried: true });
    return;
  }
  cell.good = 0;
  cell.bad += 1;
  cell.failed = outcome;
  heed(cell);
}

/** What the last probes failed with may be enough now: also as somebody begins to doubt. */
export function heed(cell: Cell): void {
  const { state, bad, failed } = cell;
  if (bad === 0) return;
  if (state === 'down' || isPlain(failed) || bad >= fallOf(cell)) {
    Object.assign(cell, { state: 'down', outcome: failed, isTried: true });
  }
}

const riseOf = ({ isOwn, isPath, said }: Cell): number =>
  !isOwn && !isPath && said?.state === 'up' ? RISE_TOLD : RISE;

const fallOf = ({ isOwn, said }: Cell): number => {
  if (isOwn) return FALL_OWN;
  return said?.state === 'down' || said?.state === 'late' ? FALL_DOUBTED : FALL;
};

/** Takes how its VM lives: of what this member does not probe that is all that it finds itself. */
export function takeLife(cell: Cell, liveliness: Liveliness): void {
  cell.liveliness = liveliness;
  const { kind } = cell.target.check;
  const isFound = liveliness === 'alive' || liveliness === 'dead';
  if (isFound && (kind === 'none' || (kind === 'exec' && !cell.isOwn))) cell.isTried = true;
}

/** Nothing is to be probed any more: the member's own word counts again. */
export function rest(cell: Cell): void {
  Object.assign(cell, { state: 'unknown', outcome: '', good: 0, bad: 0, lack: '', lacks: 0 });
}

/** Notes that a probe waits long; when that is to be looked at again, monotonic ms. */
export function watchLate(cell: Cell, nowMs: number): number {
  if (cell.target.check.kind === 'exec') return Number.POSITIVE_INFINITY;
  const since = Math.min(...cell.running);
  if (nowMs - since >= LATE_MS) cell.lateUntilMs = nowMs + LATE_HOLD_MS;
  if (cell.lateUntilMs > nowMs) return cell.lateUntilMs;
  return cell.running.size === 0 ? Number.POSITIVE_INFINITY : since + LATE_MS;
}

/** How the target does. */
export function healthNow(cell: Cell, mayRun: boolean): Health {
  const { isOwn, target, said } = cell;
  const { kind } = target.check;
  if (kind === 'none') return byLife(cell);
  if (kind === 'exec' && isOwn && !mayRun) return BARRED;
  if (kind === 'exec' && !isOwn) return byWord(cell);
  if (cell.state === 'down') return { state: 'down', why: wordsOf(cell.outcome) };
  if (cell.state === 'up') {
    const isContradicted = !isOwn && said?.state === 'down';
    if (isContradicted)
      return { state: 'up', why: `though it says that it ${wordsOf(said.outcome)}` };
    return cell.lack === '' ? UP : { state: 'up', why: lackText(cell.lack) };
  }
  if (!cell.isTried) return cell.lack === '' ? UNTRIED : untriedFor(lackText(cell.lack));
  if (said?.state === 'up') return UP;
  return cell.lack === '' ? UNKNOWN : { state: 'unknown', why: lackText(cell.lack) };
}

const UP: Health = { state: 'up', why: '' };
const GONE: Health = { state: 'down', why: VM_SILENT };
const BARRED: Health = {
  state: 'unknown',
  why: 'its VM lets no check be run; cnsmo consent --allow-run there',
};

/** Of which nobody can see more than whether its VM lives: that this member saw for itself. */
const byLife = ({ liveliness, isTried }: Cell): Health => {
  if (liveliness === 'dead') return GONE;
  return isTried ? UP : UNTRIED;
};

const byWord = ({ said, liveliness, isTried }: Cell): Health => {
  if (liveliness === 'dead') return GONE;
  if (said?.state === 'down') return { state: 'down', why: wordsOf(said.outcome) };
  if (!isTried) return UNTRIED;
  if (said === null) return UNKNOWN;
  return said.state === 'barred' ? BARRED : UP;
};

/** What this member says of its own target; null while it knows nothing of it. */
export function sayOf(cell: Cell, nowMs: number, mayRun: boolean): Said | null {
  const { target, state, outcome, lateUntilMs } = cell;
  if (target.check.kind === 'none') return null;
  if (target.check.kind === 'exec' && !mayRun) return { state: 'barred', outcome: '' };
  // Then others look for themselves.
  if (state === 'unknown' || (state === 'up' && cell.lacks >= FALL_OWN)) return null;
  if (state === 'down') return { state, outcome };
  return { state: lateUntilMs > nowMs ? 'late' : 'up', outcome: '' };
}
