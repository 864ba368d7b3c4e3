import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { openClockWatch } from './clock-watch.ts';

const A = 'a' as PeerKey;

/** A watch over a clock that the test sets. */
function stage() {
  const time = { wallMs: 1_000_000_000, monotonicMs: 0 };
  const watch = openClockWatch({
    wallMs: () => time.wallMs,
    monotonicMs: () => time.monotonicMs,
  });
  const pass = (durationMs: number): void => {
    time.wallMs += durationMs;
    time.monotonicMs += durationMs;
  };
  return { time, watch, pass };
}

test('clock watch: our own clock is seen to be set, by more than it goes by itself', () => {
  // Goal: all are measured anew at once. Method: time passes; a slew; a step each way.
  const { time, watch, pass } = stage();
  pass(3_600_000);
  time.wallMs += 900;
  assert.equal(watch.hasStepped(), false);
  for (const stepMs of [7_200_000, -600_000]) {
    time.wallMs += stepMs;
    assert.equal(watch.hasStepped(), true);
    assert.equal(watch.hasStepped(), false, 'once');
  }
});

test('clock watch: who says another time than it did is to be asked, now and then', () => {
  // Goal: the change of another clock is seen soon, and late requests make no storm. Method: a
  // clock that was read, and what its VM says later.
  const { time, watch, pass } = stage();
  assert.equal(watch.changedIn(A, time.wallMs + 7_200_000), null, 'nothing to compare with');
  watch.note(A, { wallMs: time.wallMs, atMs: time.monotonicMs });
  pass(9_000);
  assert.equal(watch.changedIn(A, time.wallMs + 7_200_000), 1_000, 'read a moment ago');
  pass(2_000);
  assert.equal(watch.changedIn(A, time.wallMs - 2_000), null, 'two seconds on its way');
  assert.equal(watch.changedIn(A, time.wallMs + 7_200_000), 0);
  assert.equal(watch.changedIn(A, time.wallMs - 7_200_000), 0);
  time.wallMs += 7_200_000;
  assert.equal(watch.changedIn(A, time.wallMs - 7_200_000), null, 'ours was set, not that one');
});

test('clock watch: differences follow our own clock, and end with the connection', () => {
  // Goal: the alarm is about now. Method: one clock read; ours is set; the peer goes.
  const { time, watch, pass } = stage();
  watch.note(A, { wallMs: time.wallMs + 73_000, atMs: time.monotonicMs });
  pass(60_000);
  assert.deepEqual([...watch.skewsMs()], [[A, 73_000]]);
  time.wallMs += 73_000;
  assert.deepEqual([...watch.skewsMs()], [[A, 0]]);
  watch.forget(A);
  assert.deepEqual([...watch.skewsMs()], []);
});
