/**
 * Loop: wake — how events reach a loop: they only mark it, and it acts at its own pace.
 *
 * 1. Marks that arrive before the loop looks are one mark.
 * 2. A mark that arrives while the loop acts is seen by its next wait, so none is lost.
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

/** A wake that nobody has marked. */
export function createWake(clock: Clock): Wake {
  let isMarked = false;
  let awaken: (() => void) | null = null;
  return {
    mark: () => {
      isMarked = true;
      awaken?.();
    },
    wait: async (timeoutMs, signal) => {
      if (!isMarked && !signal.aborted) {
        const sleeper = new AbortController();
        awaken = () => sleeper.abort();
        const stop = () => sleeper.abort();
        signal.addEventListener('abort', stop, { once: true });
        await clock.sleep(timeoutMs, sleeper.signal);
        signal.removeEventListener('abort', stop);
        awaken = null;
      }
      const wasMarked = isMarked;
      isMarked = false;
      return wasMarked;
    },
  };
}
