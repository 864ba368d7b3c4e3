import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import type { Clock } from '../ports.ts';
import { createWake } from './wake.ts';

/** A clock whose sleeps end only when they are aborted or the test lets time pass. */
function standing() {
  const sleepers = new Set<() => void>();
  const clock: Pick<Clock, 'sleep'> = {
    sleep: (_durationMs, signal) =>
      new Promise((resolve) => {
        const finish = (): void => {
          sleepers.delete(finish);
          resolve();
        };
        sleepers.add(finish);
        signal.addEventListener('abort', finish, { once: true });
        if (signal.aborted) finish();
      }),
  };
  const passAll = (): void => {
    for (const finish of [...sleepers]) finish();
  };
  return { wake: createWake(clock), passAll, sleepers };
}

const never = new AbortController().signal;

test('wake: a mark awakens all who wait', async () => {
  // Goal: of two waiters none sleeps its full time. Method: one mark on a clock that stands.
  const { wake, sleepers } = standing();
  const both = Promise.all([wake.wait(1_000, never), wake.wait(1_000, never)]);
  wake.mark();
  assert.equal(sleepers.size, 0);
  assert.deepEqual(await both, [true, true]);
});

test('wake: a mark while nobody waits is for the next who waits, once', async () => {
  // Goal: none is lost, many are one. Method: two marks, then two waits; time ends the second.
  const { wake, passAll } = standing();
  wake.mark();
  wake.mark();
  assert.equal(await wake.wait(1_000, never), true);
  const second = wake.wait(1_000, never);
  passAll();
  assert.equal(await second, false);
});

test('wake: marks that arrive before the loop looks are one mark', async () => {
  // Goal: invariant 1. Method: two marks before the awakened waiter has run on.
  const { wake, passAll } = standing();
  const first = wake.wait(1_000, never);
  wake.mark();
  wake.mark();
  assert.equal(await first, true);
  const second = wake.wait(1_000, never);
  passAll();
  assert.equal(await second, false);
});

test('wake: an aborted wait ends at once, unmarked, and leaves others asleep', async () => {
  // Goal: a loop that ends does not disturb others. Method: abort one of two, then one more.
  const { wake, sleepers, passAll } = standing();
  const stop = new AbortController();
  const other = wake.wait(1_000, never);
  const ended = wake.wait(1_000, stop.signal);
  stop.abort();
  assert.equal(await ended, false);
  assert.equal(sleepers.size, 1);
  assert.equal(await wake.wait(1_000, stop.signal), false);
  passAll();
  assert.equal(await other, false);
});

test('wake: who waited on a signal that ended later waits on another all the same', async () => {
  // Goal: no wait ends at once for a signal of before. Method: a wait that ends by time, then its
  // signal aborts, then a wait on another one.
  const { wake, sleepers, passAll } = standing();
  const stop = new AbortController();
  const first = wake.wait(1_000, stop.signal);
  passAll();
  await first;
  stop.abort();
  const second = wake.wait(1_000, never);
  assert.equal(sleepers.size, 1);
  passAll();
  assert.equal(await second, false);
});

test('wake: who was marked sleeps its full time again, and ends with the same signal', async () => {
  // Goal: a wait leaves nothing to the next. Method: waits in turn that a mark and time end, on one
  // signal, which ends the last; it is listened to once all the while.
  const { wake, sleepers, passAll } = standing();
  const stop = new AbortController();
  for (let n = 0; n < 3; n += 1) {
    const marked = wake.wait(1_000, stop.signal);
    wake.mark();
    assert.equal(await marked, true);
    const unmarked = wake.wait(1_000, stop.signal);
    assert.equal(sleepers.size, 1);
    passAll();
    assert.equal(await unmarked, false);
    assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  }
  const ended = wake.wait(1_000, stop.signal);
  stop.abort();
  assert.equal(await ended, false);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});
