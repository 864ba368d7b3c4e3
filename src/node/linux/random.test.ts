import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRandom } from './random.ts';

test('bytes are as many as asked for, own their memory and differ', () => {
  // Goal: the contract of bytes. Method: lengths, the size of the buffer beneath, two draws.
  const random = openRandom();
  for (const length of [0, 1, 32, 5000]) assert.equal(random.bytes(length).length, length);
  assert.equal(random.bytes(32).buffer.byteLength, 32);
  assert.notDeepEqual(random.bytes(32), random.bytes(32));
});

test('fractions lie in [0, 1) and spread over it', () => {
  // Goal: fit for jitter. Method: 1000 draws, their bounds and their mean (a fair one misses it
  // once in 10^20 runs).
  const random = openRandom();
  const draws = Array.from({ length: 1000 }, () => random.fraction());
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  assert.ok(mean > 0.4 && mean < 0.6, `mean ${mean}`);
});
