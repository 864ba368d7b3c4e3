/**
 * Loop: wake — how events reach a loop: they only mark it, and it acts at its own pace.
 *
 * 1. Marks that arrive before the loop looks are one mark.
 * 2. A mark that arrives while nobody waits is seen by the next wait, so none is lost.
 * 3. Several may wait: a mark awakens them all.
 */
import type { Clock, SleepSignal } from '../ports.ts';

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

/** The end of one sleep. An AbortController for each mark would cost more than the sleep. */
interface End extends SleepSignal {
  readonly abort: () => void;
  /** Makes it as good as new: no sleep that ended with it listens any more. */
  readonly renew: () => void;
}

function createEnd(): End {
  const listeners = new Set<() => void>();
  let isOver = false;
  return {
    get aborted() {
      return isOver;
    },
    addEventListener: (_, listener) => void listeners.add(listener),
    removeEventListener: (_, listener) => void listeners.delete(listener),
    abort: () => {
      if (isOver) return;
      isOver = true;
      for (const listener of listeners) listener();
      listeners.clear();
    },
    renew: () => {
      isOver = false;
    },
  };
}

interface Waiter {
  wasMarked: boolean;
  readonly sleep: End;
  /** What it ends with: the same from one wait of a loop to the next. */
  heeded: AbortSignal | null;
}

const makeWaiter = (): Waiter => ({ wasMarked: false, sleep: createEnd(), heeded: null });

/** Has it end with this signal, or with none. */
function heed(waiter: Waiter, signal: AbortSignal | null): void {
  if (waiter.heeded === signal) return;
  waiter.heeded?.removeEventListener('abort', waiter.sleep.abort);
  signal?.addEventListener('abort', waiter.sleep.abort);
  waiter.heeded = signal;
}

/** A wake that nobody has marked. */
export function createWake(clock: Pick<Clock, 'sleep'>): Wake {
  let isMarked = false;
  const waiters = new Set<Waiter>();
  // Who has slept may sleep again, and heeds what it heeded.
  const rested: Waiter[] = [];
  return {
    mark: () => {
      isMarked = waiters.size === 0;
      for (const waiter of waiters) {
        waiter.wasMarked = true;
        waiter.sleep.abort();
      }
    },
    wait: async (timeoutMs, signal) => {
      const wasMarked = isMarked;
      isMarked = false;
      if (wasMarked || signal.aborted) return wasMarked;
      const waiter = rested.pop() ?? makeWaiter();
      heed(waiter, signal);
      waiter.sleep.renew(); // What it heeded before may have ended meanwhile.
      waiter.wasMarked = false;
      waiters.add(waiter);
      await clock.sleep(timeoutMs, waiter.sleep);
      waiters.delete(waiter);
      if (signal.aborted) heed(waiter, null);
      else rested.push(waiter);
      return waiter.wasMarked;
    },
  };
}
