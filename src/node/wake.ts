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

/** A wake that nobody has marked. */
export function createWake(clock: Pick<Clock, 'sleep'>): Wake {
  let isMarked = false;
  const waiters = new Set<{ wasMarked: boolean; readonly sleep: AbortController }>();
  return {
    mark: () => {
      isMarked = waiters.size === 0;
      for (const waiter of waiters) {
        waiter.wasMarked = true;
        waiter.sleep.abort(WOKEN);
      }
    },
    wait: async (timeoutMs, signal) => {
      const waiter = { wasMarked: isMarked, sleep: new AbortController() };
      isMarked = false;
      if (waiter.wasMarked || signal.aborted) return waiter.wasMarked;
      waiters.add(waiter);
      const stop = () => waiter.sleep.abort(WOKEN);
      signal.addEventListener('abort', stop, { once: true });
      await clock.sleep(timeoutMs, waiter.sleep.signal);
      signal.removeEventListener('abort', stop);
      waiters.delete(waiter);
      return waiter.wasMarked;
    },
  };
}
