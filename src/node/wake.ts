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
  /** What it ends with: the same from one wait of a loop to the next. */
  heeded: AbortSignal | null;
}

const makeWaiter = (): Waiter => {
  const sleep = new AbortController();
  return { wasMarked: false, sleep, stop: () => sleep.abort(WOKEN), heeded: null };
};

/** Has it end with this signal, or with none. */
function heed(waiter: Waiter, signal: AbortSignal | null): void {
  if (waiter.heeded === signal) return;
  waiter.heeded?.removeEventListener('abort', waiter.stop);
  signal?.addEventListener('abort', waiter.stop);
  waiter.heeded = signal;
}

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
      let waiter = rested.pop();
      // What it heeded last may have ended meanwhile.
      if (waiter === undefined || waiter.sleep.signal.aborted) waiter = makeWaiter();
      waiters.add(waiter);
      heed(waiter, signal);
      await clock.sleep(timeoutMs, waiter.sleep.signal);
      waiters.delete(waiter);
      if (waiter.sleep.signal.aborted) heed(waiter, null);
      else rested.push(waiter);
      return waiter.wasMarked;
    },
  };
}
