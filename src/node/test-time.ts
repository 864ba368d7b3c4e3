/**
 * Loop: test time — a clock that stands still until time is made to pass, for tests only.
 */

/** Lets everything run that waits for no time. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

/** The clock, and what makes its time pass: all at once, who slept until then wakes. */
export function createTime() {
  let nowMs = 0;
  let wallAtStartMs = 1_000_000;
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  const sleep = (durationMs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const sleeper = {
        untilMs: nowMs + durationMs,
        wake: () => {
          sleepers.delete(sleeper);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  const pass = async (durationMs: number): Promise<void> => {
    nowMs += durationMs;
    for (const { untilMs, wake } of [...sleepers]) if (untilMs <= nowMs) wake();
    await settle();
  };
  /** Sets the wall clock by so much. */
  const step = (stepMs: number): void => {
    wallAtStartMs += stepMs;
  };
  const wallMs = (): number => wallAtStartMs + nowMs;
  return { clock: { wallMs, monotonicMs: () => nowMs, sleep }, pass, step };
}
