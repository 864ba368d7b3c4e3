import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDuration } from './duration.ts';

test('duration: a number and its unit', () => {
  // Goal: every unit. Method: a table.
  const table = [
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ] as const;
  for (const [text, wantedMs] of table) assert.equal(readDuration('ttl', text), wantedMs);
});

test('duration: anything else is refused by name', () => {
  // Goal: no guess. Method: texts that are nearly durations.
  for (const text of ['', '5', 's', '1.5h', '-1s', '1 h', '1w', '1h30m', '1000000000s', ' 1s']) {
    assert.throws(
      () => readDuration('ttl', text),
      (error: Error) => error.message.startsWith(`ttl: ${text}: not a duration; `),
      text,
    );
  }
});

test('duration: one out of bounds is refused in words that can be typed', () => {
  // Goal: the remedy is an argument. Method: both ends, and just beyond them.
  const bounds = { least: '1s', most: '7d' };
  assert.equal(readDuration('ttl', '1s', bounds), 1_000);
  assert.equal(readDuration('ttl', '168h', bounds), 604_800_000);
  const long = { message: 'ttl: 169h: too long; give 1s to 7d' };
  assert.throws(() => readDuration('ttl', '169h', bounds), long);
  const short = { message: 'ttl: 999ms: too short; give 1s or more' };
  assert.throws(() => readDuration('ttl', '999ms', { least: '1s' }), short);
});
