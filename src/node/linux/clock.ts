/**
 * Edge: clock — the time of this host, and waiting.
 *
 * 1. Who has slept goes on in a turn of the event loop of its own: were those whose time comes
 *    together, or whom one event wakes, to go on one after the other, everybody else would wait for
 *    the sum of what they do.
 */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports.ts';

/** Longest wait that a Node timer takes; a longer one would fire at once. Unit: ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of this host. A sleep of more than 24 days is cut to that. */
export function openClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: openSleep(openLine()),
  };
}

const openSleep =
  (inTurn: Line): Clock['sleep'] =>
  (durationMs, signal) =>
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

/** Calls it when it is its turn. */
type Line = (goOn: () => void) => void;

/** Who waits in line goes on in the order of coming, one in each turn of the event loop. */
function openLine(): Line {
  let waiting: (() => void)[] = [];
  let going: (() => void)[] = [];
  let isAtWork = false;
  const goOn = (): void => {
    if (going.length === 0) [going, waiting] = [waiting.reverse(), []];
    going.pop()?.();
    isAtWork = going.length + waiting.length > 0;
    // Asked for in its phase, an immediate comes after what else is ready.
    if (isAtWork) setImmediate(goOn);
  };
  return (next) => {
    waiting.push(next);
    if (isAtWork) return;
    isAtWork = true;
    setImmediate(goOn);
  };
}
