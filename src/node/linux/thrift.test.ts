import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrift } from './thrift.ts';

test('garbage is collected for size once the loop was calm for a while, not before', () => {
  // Goal: much work is not held up by it, and memory comes back. Method: shares of the time, of
  // looks that are half a second apart; a loop that is neither changes nothing.
  const isThrifty = createThrift();
  const looks = [0, 0.1, 0.6, 0.9, ...[0.1, 0.1, 0.1, 0.1, 0.1], 0.3, 0.3, 0.1, 0.3, 0.9, 0.1];
  const told = looks.map((share) => (isThrifty(share) ? 'S' : '-')).join('');
  assert.equal(told, '-----------SS--');
});
