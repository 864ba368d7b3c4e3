import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saveMemory } from './memory.ts';

/** A small buffer out of a slab that was made after now: 64 KiB of the one before are used up. */
const laterBuffer = (): Buffer => {
  for (let count = 0; count < 256; count += 1) Buffer.allocUnsafe(256);
  return Buffer.allocUnsafe(100);
};

test('a small buffer that is kept keeps 1 KiB at most', () => {
  // Goal: a member that came and went costs what is known of it. Method: look at the slab that
  // holds a buffer, before and after.
  assert.ok(laterBuffer().buffer.byteLength > 1024);
  saveMemory();
  assert.ok(laterBuffer().buffer.byteLength <= 1024);
});
