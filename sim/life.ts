/**
 * Edge: life — one run of a process on a simulated VM, and what ends with it.
 *
 * A process that was killed never runs again: whatever it waits for stays pending for ever, its
 * timers and listeners are gone. All virtual edges of a process are made for one life.
 */
import type { Scheduler } from './scheduler.ts';

/** How a process ended: `exit` and `crash` are noticed by its kernel, `power-cut` by nobody. */
export type Death = 'exit' | 'crash' | 'power-cut';

/** One run of a process. */
export interface Life {
  /** For the trace: `vm1.3`, the third process of vm1. */
  readonly name: string;
  isAlive(): boolean;
  /** Ends it; the first end counts. */
  end(death: Death): void;
  /** Called once, when it ends. Harmless to forget. */
  onEnd(listener: (death: Death) => void): () => void;
  /** Runs `run` after `delayMs`, unless the process has ended by then. */
  after(delayMs: number, run: () => void): () => void;
  /** A promise that never settles once the process has ended. */
  promise<Result>(start: (answer: Answer<Result>) => void): Promise<Result>;
  /** Resolves when the process has ended; for those who look at it from outside. */
  readonly ended: Promise<Death>;
}

/** How a port answers its caller. Only the first call counts. */
export interface Answer<Result> {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** A process that has just started. */
export function startLife(scheduler: Scheduler, name: string): Life {
  const listeners = new Set<(death: Death) => void>();
  let isAlive = true;
  const ended = Promise.withResolvers<Death>();
  return {
    name,
    isAlive: () => isAlive,
    end: (death) => {
      if (!isAlive) return;
      isAlive = false;
      for (const listener of [...listeners]) listener(death);
      listeners.clear();
      ended.resolve(death);
    },
    onEnd: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    after: (delayMs, run) =>
      scheduler.after(delayMs, () => {
        if (isAlive) run();
      }),
    promise: (start) =>
      new Promise((resolve, reject) =>
        start({
          resolve: (result) => isAlive && resolve(result),
          reject: (error) => isAlive && reject(error),
        }),
      ),
    ended: ended.promise,
  };
}
