/**
 * Edge: clock — a VM's clock in virtual time: its own offset from the true one, nothing else.
 */
import type { Clock } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';

/** The moment at which every run starts. Unit: ms since the Unix epoch; 2026-01-01. */
export const START_WALL_MS = 1_767_225_600_000;

/** The clock that a process sees. `skewMs`: how far its VM is from the true time. */
export function openClock(
  scheduler: Scheduler,
  life: Life,
  vm: { readonly skewMs: number; readonly bootedMs: number },
): Clock {
  return {
    wallMs: () => Math.floor(START_WALL_MS + scheduler.nowMs() + vm.skewMs),
    monotonicMs: () => scheduler.nowMs() - vm.bootedMs,
    sleep: (durationMs, signal) =>
      life.promise(({ resolve }) => {
        if (signal.aborted) return resolve();
        const asleep = signal instanceof AbortSignal ? sleepersOf(signal) : null;
        // As the timers of Node: whole ms, at least one.
        const cancel = life.after(Math.max(1, Math.trunc(durationMs)), () => {
          if (asleep === null) signal.removeEventListener('abort', wake);
          else asleep.delete(wake);
          resolve();
        });
        const wake = (): void => {
          cancel();
          resolve();
        };
        // A signal that is none of Node's has little to do with one more listener.
        if (asleep === null) signal.addEventListener('abort', wake);
        else asleep.add(wake);
      }),
  };
}

/** Whom a signal wakes. It has one listener for all: most signals are slept on time and again. */
const sleepers = new WeakMap<AbortSignal, Set<() => void>>();

function sleepersOf(signal: AbortSignal): Set<() => void> {
  const known = sleepers.get(signal);
  if (known !== undefined) return known;
  const asleep = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of [...asleep]) wake();
  };
  signal.addEventListener('abort', wakeAll, { once: true });
  sleepers.set(signal, asleep);
  return asleep;
}
