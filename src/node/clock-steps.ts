/**
 * Loop: clock steps — how our wall clock was set lately, for what the kernel stamped by it before.
 */
import type { Clock } from '../ports.ts';

/** How long a step is remembered. Unit: ms. Over the 180 s for which a stamp of a tunnel counts. */
const KEPT_MS = 200_000;
/** A clock that goes by itself does not move so much between two looks. Unit: ms. */
const STEP_MS_MIN = 1_000;

/**
 * Makes the function that tells what to add to the wall clock to have what it would show, had it
 * not been set: once for each time that it was, ms; empty when it was not, lately.
 */
export function createClockSteps(
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): () => readonly number[] {
  const offsetMs = (): number => clock.wallMs() - clock.monotonicMs();
  let knownMs = offsetMs();
  let past: readonly { readonly offsetMs: number; readonly untilMs: number }[] = [];
  return () => {
    const [nowMs, ownMs] = [clock.monotonicMs(), offsetMs()];
    if (Math.abs(ownMs - knownMs) >= STEP_MS_MIN) {
      past = [...past, { offsetMs: knownMs, untilMs: nowMs + KEPT_MS }];
    }
    knownMs = ownMs;
    past = past.filter(({ untilMs }) => untilMs > nowMs);
    return past.map((one) => one.offsetMs - ownMs);
  };
}
