import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utcText } from './utc-text.ts';

test('UTC text: to the second, or to the minute', () => {
  // Goal: a name that says what is printed. Method: both, and a text that is no moment.
  assert.equal(utcText('2026-11-20T12:00:01.234Z'), '2026-11-20 12:00:01');
  assert.equal(utcText('2026-11-20T12:00:01.234Z', 'minute'), '2026-11-20 12:00');
  assert.equal(utcText(''), '');
});
