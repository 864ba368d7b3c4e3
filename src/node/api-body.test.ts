import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCount, readMs } from './api-body.ts';

test('api body: a number is read, and what is none is refused with its unit', () => {
  // Goal: the remedy heals. Method: good ones, and texts that are no number, of either kind.
  assert.deepEqual([readCount('lines', '50'), readMs('waitMs', '0')], [50, 0]);
  for (const text of ['', '-1', '5s', '1e3', '9'.repeat(16)]) {
    const message = `lines: ${text}: not a number; write how many, as 50`;
    assert.throws(() => readCount('lines', text), { message });
    const other = `waitMs: ${text}: not a number; write milliseconds, as 5000`;
    assert.throws(() => readMs('waitMs', text), { message: other });
  }
});
