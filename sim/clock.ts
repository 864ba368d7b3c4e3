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
        // As the timers of Node: whole ms, at least one.
        const cancel = life.after(Math.max(1, Math.trunc(durationMs)), () => {
          signal.removeEventListener('abort', wake);
          resolve();
        });
        const wake = (): void => {
          cancel();
          resolve();
        };
        signal.addEventListener('abort', wake, { once: true });
      }),
  };
}
