import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClockSteps } from './clock-steps.ts';

test('clock steps: what the clock would show is known for a while after it was set', () => {
  // Goal: old stamps keep their age, and no step is kept for ever. Method: time passes, a slew, a
  // step ahead, and back.
  const time = { wallMs: 1_000_000_000, monotonicMs: 0 };
  const steps = createClockSteps({
    wallMs: () => time.wallMs,
    monotonicMs: () => time.monotonicMs,
  });
  const pass = (durationMs: number): void => {
    time.wallMs += durationMs;
    time.monotonicMs += durationMs;
  };
  pass(3_600_000);
  time.wallMs += 900;
  assert.deepEqual(steps(), []);
  time.wallMs += 10_800_000;
  assert.deepEqual(steps(), [-10_800_000]);
  pass(100_000);
  assert.deepEqual(steps(), [-10_800_000]);
  time.wallMs -= 10_800_000;
  assert.deepEqual(steps(), [0, 10_800_000]);
  pass(150_000);
  assert.deepEqual(steps(), [10_800_000]);
  pass(50_000);
  assert.deepEqual(steps(), []);
});
