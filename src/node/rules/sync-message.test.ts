import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../crdt/codec.ts';
import type { Value } from '../../crdt/entry.ts';
import { idOf } from '../../crdt/test-world.ts';
import { decodeSync, encodeSync } from './sync-message.ts';

const head = { author: idOf('vm2'), generation: 1, sequence: 7, hash: new Uint8Array(32).fill(9) };

test('sync message: comes back as it went', () => {
  // Goal: nothing is lost on the way. Method: round trip of heads and frames.
  for (const wallMs of [null, 1_800_000_000_000]) {
    const frames = [Uint8Array.of(1, 2), new Uint8Array(70_000)];
    const message = { heads: [head], frames, wallMs };
    assert.deepEqual(decodeSync(encodeSync(message)), message);
  }
});

test('sync message: a clock that does not read is none, and the message stands', () => {
  // Goal: the field is optional, whatever is in it. Method: what no clock says.
  for (const wallMs of ['now', -1, null, [], undefined]) {
    const record = { v: 1, heads: [], frames: [], ...(wallMs === undefined ? {} : { wallMs }) };
    assert.deepEqual(decodeSync(encode(record)), { heads: [], frames: [], wallMs: null });
  }
});

test('sync message: what is none is null, never an exception', () => {
  // Goal: a hostile peer cannot stop the loop. Method: table of broken messages.
  const key = new Uint8Array(32);
  const broken: readonly Value[] = [
    null,
    [],
    { v: 2, heads: [], frames: [] },
    { v: 1, heads: {}, frames: [] },
    { v: 1, heads: [], frames: ['text'] },
    { v: 1, heads: [[key, 0, 0]], frames: [] },
    { v: 1, heads: [[key.slice(1), 0, 0, key]], frames: [] },
    { v: 1, heads: [[key, -1, 0, key]], frames: [] },
    { v: 1, heads: [[key, 0, 'x', key]], frames: [] },
    { v: 1, heads: [7], frames: [] },
  ];
  for (const value of broken) assert.equal(decodeSync(encode(value)), null, JSON.stringify(value));
  assert.equal(decodeSync(Uint8Array.of(255, 0, 1)), null);
});
