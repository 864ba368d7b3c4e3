/**
 * Edge: clock — the time of this host, and waiting.
 *
 * 1. Who has slept goes on in a turn of the event loop of its own: were those whose time comes
 *    together, or whom one event wakes, to go on one after the other, everybody else would wait for
 *    the sum of what they do.
 */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports.ts';
import { inTurn } from './turns.ts';

/** Longest wait that a Node timer takes; a longer one would fire at once. Unit: ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of this host. A sleep of more than 24 days is cut to that. */
export function openClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep,
  };
}

const sleep: Clock['sleep'] = (durationMs, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    if (durationMs <= 0) {
      inTurn(resolve);
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      inTurn(resolve);
    };
    const timer = setTimeout(finish, Math.min(durationMs, TIMER_MS_MAX));
    signal.addEventListener('abort', finish);
  });
