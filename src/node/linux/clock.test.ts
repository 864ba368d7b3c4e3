import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClockContract } from '../clock-contract.ts';
import { openClock } from './clock.ts';

testClockContract({ test, assert }, openClock);

test('a sleep longer than a timer can be does not end at once', async () => {
  // Goal: no overflow. Method: 60 days raced against 30 ms; the long one must lose.
  const clock = openClock();
  const controller = new AbortController();
  const long = clock.sleep(60 * 86_400_000, controller.signal).then(() => 'long');
  const short = clock.sleep(30, controller.signal).then(() => 'short');
  assert.equal(await Promise.race([long, short]), 'short');
  controller.abort();
});
