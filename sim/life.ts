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
  /** Whether it stands still: whatever should run waits until it goes on. */
  isPaused(): boolean;
  pause(): void;
  /** Harmless when it does not stand still. */
  resume(): void;
  /** Runs `act` now, or when the process goes on; never once it has ended. */
  run(act: () => void): void;
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
  const gate = openGate(scheduler, () => isAlive);
  const { run } = gate;
  const ended = Promise.withResolvers<Death>();
  return {
    name,
    isAlive: () => isAlive,
    ...gate,
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
    after: (delayMs, act) => {
      let left: (() => void) | null = act;
      const unless = (): void => left?.();
      const cancel = scheduler.after(delayMs, () => run(unless));
      return () => {
        left = null;
        cancel();
      };
    },
    promise: (start) =>
      new Promise((resolve, reject) =>
        start({
          resolve: (result) => run(() => resolve(result)),
          reject: (error) => run(() => reject(error)),
        }),
      ),
    ended: ended.promise,
  };
}

type Gate = Pick<Life, 'isPaused' | 'pause' | 'resume' | 'run'>;

/** Lets through what a process does, or holds it back in its order. */
function openGate(scheduler: Scheduler, isAlive: () => boolean): Gate {
  const held: (() => void)[] = [];
  let isPaused = false;
  const run = (act: () => void): void => {
    if (!isAlive()) return;
    if (isPaused) held.push(act);
    else act();
  };
  return {
    isPaused: () => isAlive() && isPaused,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      for (const act of held.splice(0)) scheduler.after(0, () => run(act));
    },
    run,
  };
}
