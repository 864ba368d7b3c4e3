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
const GATHER_MS = 50;

/**
 * Looks that marks lead to at once, and per second after that: a look starts several processes, and
 * while a crowd joins there are marks all the time. One VM that joins is five marks.
 */
const LOOKS_BURST = 6;
const LOOKS_PER_SECOND = 2;

/**
 * How long lines of monitors are gathered, which also tell of others' interfaces by the dozen;
 * doubled with each look in vain. Unit: ms. The longest and the 5 s between two looks at signs are
 * less than the 10 s in which repairs are promised.
 */
const GATHER_LINES_MS_MIN = 250;
const GATHER_LINES_MS_MAX = 4_000;

/** After so long without a line the host is calm again. Unit: ms. */
const CALM_MS = 30_000;

/** When the loop is to look next. */
export interface Agenda {
  /** A look begins: what was marked up to here is its work. */
  begin(): void;
  /** It ended. `isVain`: it changed nothing, and nothing was left to do. */
  end(isVain: boolean): void;
  mark(): void;
  /** The mark of a monitor's line, or of a sign. */
  markLine(): void;
  /** Waits for `waitMs` or a mark; those of lines count after `quietMs` at the earliest. */
  wait(waitMs: number, quietMs: number, signal: AbortSignal): Promise<void>;
}

/** An empty one. */
export function createAgenda(clock: Ports['clock']): Agenda {
  const wake = createWake(clock);
  let markedMs: number | null = null;
  let lineMs: number | null = null;
  let lastLineMs = Number.NEGATIVE_INFINITY;
  let quietUntilMs = 0;
  let restUntilMs = 0;
  const looks = createBuckets(LOOKS_BURST, LOOKS_PER_SECOND);
  let isOfLine = false;
  let vain = 0;
  const gatherLinesMs = (): number =>
    Math.min(GATHER_LINES_MS_MAX, GATHER_LINES_MS_MIN * 2 ** vain);
  const dueMs = (): number =>
    Math.min(
      markedMs === null ? Number.POSITIVE_INFINITY : Math.max(markedMs + GATHER_MS, restUntilMs),
      lineMs === null ? Number.POSITIVE_INFINITY : Math.max(lineMs + gatherLinesMs(), quietUntilMs),
    );
  return {
    begin: () => {
      isOfLine = markedMs === null && lineMs !== null;
      markedMs = null;
      lineMs = null;
      const nowMs = clock.monotonicMs();
      restUntilMs = nowMs + looks.spend('', 1, nowMs);
    },
    end: (isVain) => {
      if (isOfLine) vain = isVain ? Math.min(vain + 1, 10) : 0;
    },
    mark: () => {
      markedMs ??= clock.monotonicMs();
      wake.mark();
    },
    markLine: () => {
      const nowMs = clock.monotonicMs();
      if (nowMs - lastLineMs > CALM_MS) vain = 0;
      lastLineMs = nowMs;
      lineMs ??= nowMs;
      wake.mark();
    },
    wait: async (waitMs, quietMs, signal) => {
      const startMs = clock.monotonicMs();
      quietUntilMs = startMs + quietMs;
      while (!signal.aborted) {
        const leftMs = Math.min(startMs + waitMs, dueMs()) - clock.monotonicMs();
        if (leftMs <= 0) return;
        await wake.wait(leftMs, signal);
      }
    },
  };
}
