/**
 * Loop: wake — how events reach a loop: they only mark it, and it acts at its own pace.
 *
 * 1. Marks that arrive before the loop looks are one mark.
 * 2. A mark that arrives while nobody waits is seen by the next wait, so none is lost.
 * 3. Several may wait: a mark awakens them all.
 */
import type { Clock } from '../ports.ts';

/** Something that a loop waits on and that others mark. */
export interface Wake {
  /** Marks it. Cheap and harmless at any time. */
  mark(): void;
  /**
   * Resolves when marked, after `timeoutMs`, or when `signal` aborts; tells whether it was
   * marked.
   */
  wait(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

/** Why a sleep ends; an error made for each would cost more than the sleep. */
const WOKEN = 'woken';

interface Waiter {
  wasMarked: boolean;
  readonly sleep: AbortController;
  readonly stop: () => void;
}

const makeWaiter = (): Waiter => {
  const sleep = new AbortController();
  return { wasMarked: false, sleep, stop: () => sleep.abort(WOKEN) };
};

/** A wake that nobody has marked. */
export function createWake(clock: Pick<Clock, 'sleep'>): Wake {
  let isMarked = false;
  const waiters = new Set<Waiter>();
  // Most sleeps end by themselves, and who has slept so may sleep again.
  const rested: Waiter[] = [];
  return {
    mark: () => {
      isMarked = waiters.size === 0;
      for (const waiter of waiters) {
        waiter.wasMarked = true;
        waiter.sleep.abort(WOKEN);
      }
    },
    wait: async (timeoutMs, signal) => {
      const wasMarked = isMarked;
      isMarked = false;
      if (wasMarked || signal.aborted) return wasMarked;
      const waiter = rested.pop() ?? makeWaiter();
      waiters.add(waiter);
      signal.addEventListener('abort', waiter.stop, { once: true });
      await clock.sleep(timeoutMs, waiter.sleep.signal);
      signal.removeEventListener('abort', waiter.stop);
      waiters.delete(waiter);
      if (!waiter.sleep.signal.aborted) rested.push(waiter);
      return waiter.wasMarked;
    },
  };
}
