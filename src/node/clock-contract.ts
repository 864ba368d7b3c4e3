/**
 * Rule: clock contract — what every Clock promises, run on the Linux edge and on the simulator's.
 */
import type { Clock } from '../ports.ts';
import type { Suite } from './contract.ts';

/** Registers the suite. The clock must go by itself while a sleep is awaited. */
export function testClockContract(suite: Suite, open: () => Clock): void {
  const { test, assert } = suite;

  test('clock: a sleep lasts as long as it says on the monotonic clock', async () => {
    // Goal: sleep waits. Method: the monotonic clock before and after; 1 ms for the rounding of
    // timers.
    const clock = open();
    const startMs = clock.monotonicMs();
    await clock.sleep(20, new AbortController().signal);
    assert.equal(clock.monotonicMs() - startMs >= 19, true);
  });

  test('clock: shorter sleeps end first', async () => {
    // Goal: order of timers. Method: two sleeps started in the other order.
    const clock = open();
    const { signal } = new AbortController();
    const ended: number[] = [];
    const sleep = async (durationMs: number): Promise<void> => {
      await clock.sleep(durationMs, signal);
      ended.push(durationMs);
    };
    await Promise.all([sleep(60), sleep(5)]);
    assert.deepEqual(ended, [5, 60]);
  });

  test('clock: an abort ends a sleep at once and without a failure', async () => {
    // Goal: no wait outlives its signal. Method: one aborted before, one during a sleep of a day.
    const clock = open();
    const startMs = clock.monotonicMs();
    await clock.sleep(86_400_000, AbortSignal.abort());
    const controller = new AbortController();
    const sleeping = clock.sleep(86_400_000, controller.signal);
    controller.abort();
    await sleeping;
    assert.equal(clock.monotonicMs() - startMs < 86_400_000 / 2, true);
  });

  test('clock: any signal ends a sleep, and is left as it was', async () => {
    // Goal: the least that ends a sleep is enough. Method: a set of listeners; of two sleeps one
    // ends by time and leaves none, the other, of a day, as all are called.
    const clock = open();
    const startMs = clock.monotonicMs();
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
    };
    await clock.sleep(5, signal);
    assert.deepEqual([...listeners], []);
    const sleeping = clock.sleep(86_400_000, signal);
    for (const listener of [...listeners]) listener();
    await sleeping;
    assert.equal(clock.monotonicMs() - startMs < 86_400_000 / 2, true);
  });

  test('clock: zero and negative durations end', async () => {
    // Goal: a late deadline is no failure. Method: sleep 0 and -1.
    const clock = open();
    await clock.sleep(0, new AbortController().signal);
    await clock.sleep(-1, new AbortController().signal);
  });

  test('clock: wall time is a time of this century', async () => {
    // Goal: the unit is ms since 1970. Method: between the years 2001 and 2100.
    const wallMs = open().wallMs();
    assert.equal(wallMs > 978_307_200_000 && wallMs < 4_102_444_800_000, true);
  });
}
