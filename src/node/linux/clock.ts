/**
 * Edge: clock — the time of this host, and waiting.
 */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports.ts';

/** Longest wait that a Node timer takes; a longer one would fire at once. Unit: ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of this host. A sleep of more than 24 days is cut to that. */
export function openClock(): Clock {
  return { wallMs: () => Date.now(), monotonicMs: () => performance.now(), sleep };
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.min(Math.max(durationMs, 0), TIMER_MS_MAX));
    signal.addEventListener('abort', finish);
  });
}
