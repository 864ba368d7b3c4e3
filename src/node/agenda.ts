/**
 * Loop: agenda — when an agent is to look at its host next.
 *
 * 1. Many marks are one look, and marks that do not end are few looks a second.
 * 2. Lines of monitors that lead to looks in vain are gathered longer and longer, so that a host on
 *    which others change a lot costs little; yet never so long that a repair would come late.
 */
import type { Ports } from '../ports.ts';
import { createBuckets } from './rules/bucket.ts';
import { createWake } from './wake.ts';

/** How long marks are gathered. Unit: ms. A join changes the view several times within 20 ms. */
const GATHER_MS = 25;

/**
 * Looks that marks lead to at once, and per second after that: a look starts several processes, and
 * while a crowd joins there are marks all the time. One VM that joins is five marks.
 */
const LOOKS_BURST = 6;
const LOOKS_PER_SECOND = 2;
/** What news costs of a look, before it is known whether it asks for one: no process is started. */
const NEWS_COST = 0.2;

/**
 * How long lines of monitors are gathered, which also tell of others' interfaces by the dozen;
 * doubled with each look in vain. Unit: ms. The longest and the 5 s between two looks at signs are
 * less than the 10 s in which repairs are promised.
 */
const GATHER_LINES_MS_MIN = 250;
const GATHER_LINES_MS_MAX = 4_000;

/** After so long without a line the host is calm again. Unit: ms. */
const CALM_MS = 30_000;

/** What may have changed: the state of the mesh, which may ask for nothing here, or more. */
export type MarkOf = 'news' | 'host';

/** When the loop is to look next. */
export interface Agenda {
  /**
   * Takes the news, when nothing but news is due: false when there is more to do than to ask
   * whether it asks for a look.
   */
  takeNews(): boolean;
  /** A look begins: what was marked up to here is its work. */
  begin(): void;
  /** It ended. `isVain`: it changed nothing, and nothing was left to do. */
  end(isVain: boolean): void;
  /**
   * Waits before a look within a pass, so long or until something is marked. Lines that came up to
   * then are the work of that look.
   */
  lull(durationMs: number, signal: AbortSignal): Promise<void>;
  mark(of: MarkOf): void;
  /** The mark of a monitor's line, or of a sign. */
  markLine(): void;
  /** Waits until then or for a mark; those of lines count after `quietUntilMs` at the earliest. */
  wait(untilMs: number, quietUntilMs: number, signal: AbortSignal): Promise<void>;
}

/** An agenda without marks. */
export function createAgenda(clock: Ports['clock']): Agenda {
  const alarm = createAlarm(clock);
  const marked: Record<MarkOf, number | null> = { news: null, host: null };
  const lines = createLines();
  let untilMs = 0;
  const pace = createPace(clock);
  let isOfLine = false;
  const gatheredMs = (sinceMs: number | null): number =>
    sinceMs === null ? NEVER : Math.max(sinceMs + GATHER_MS, pace.restUntilMs());
  const markDueMs = (): number => Math.min(gatheredMs(marked.news), gatheredMs(marked.host));
  return {
    takeNews: () => {
      const nowMs = clock.monotonicMs();
      if (marked.news === null || marked.host !== null) return false;
      if (Math.min(untilMs, lines.dueMs()) <= nowMs) return false;
      marked.news = null;
      pace.spend(NEWS_COST);
      return true;
    },
    begin: () => {
      isOfLine = lines.begin() && marked.host === null && marked.news === null;
      [marked.host, marked.news] = [null, null];
      pace.spend(1);
    },
    end: (isVain) => {
      if (isOfLine) lines.end(isVain);
    },
    lull: async (durationMs, signal) => {
      const endMs = clock.monotonicMs() + durationMs;
      const isMarked = (): boolean => marked.host !== null || marked.news !== null;
      await alarm.until(() => (isMarked() ? 0 : endMs), signal);
      lines.begin();
    },
    mark: (of) => {
      marked[of] ??= clock.monotonicMs();
      alarm.ring();
    },
    markLine: () => {
      lines.mark(clock.monotonicMs());
      alarm.ring();
    },
    wait: async (until, quietUntilMs, signal) => {
      untilMs = until;
      lines.quiet(quietUntilMs);
      await alarm.until(() => Math.min(untilMs, markDueMs(), lines.dueMs()), signal);
    },
  };
}

const NEVER = Number.POSITIVE_INFINITY;

/** Waits until something is due, by what is asked again at each ring. */
function createAlarm(clock: Ports['clock']) {
  const wake = createWake(clock);
  return {
    ring: wake.mark,
    until: async (dueMs: () => number, signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        const leftMs = dueMs() - clock.monotonicMs();
        if (leftMs <= 0) return;
        await wake.wait(leftMs, signal);
      }
    },
  };
}

/** How often the host is looked at. */
function createPace(clock: Ports['clock']) {
  const looks = createBuckets(LOOKS_BURST, LOOKS_PER_SECOND);
  let restUntilMs = 0;
  return {
    restUntilMs: (): number => restUntilMs,
    spend: (cost: number): void => {
      const nowMs = clock.monotonicMs();
      restUntilMs = nowMs + looks.spend('', cost, nowMs);
    },
  };
}

/** The lines of monitors that wait for a look. */
function createLines() {
  let sinceMs: number | null = null;
  let lastMs = Number.NEGATIVE_INFINITY;
  let quietUntilMs = 0;
  let vain = 0;
  const gatherMs = (): number => Math.min(GATHER_LINES_MS_MAX, GATHER_LINES_MS_MIN * 2 ** vain);
  return {
    dueMs: (): number => (sinceMs === null ? NEVER : Math.max(sinceMs + gatherMs(), quietUntilMs)),
    mark: (nowMs: number): void => {
      if (nowMs - lastMs > CALM_MS) vain = 0;
      lastMs = nowMs;
      sinceMs ??= nowMs;
    },
    quiet: (untilMs: number): void => {
      quietUntilMs = untilMs;
    },
    /** A look takes them up. Tells whether there were any. */
    begin: (): boolean => {
      const were = sinceMs !== null;
      sinceMs = null;
      return were;
    },
    end: (isVain: boolean): void => {
      vain = isVain ? Math.min(vain + 1, 10) : 0;
    },
  };
}
