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
