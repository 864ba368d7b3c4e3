import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../crdt/codec.ts';
import type { Value } from '../../crdt/entry.ts';
import { idOf } from '../../crdt/test-world.ts';
import { decodeSync, encodeSync, NO_INTRODUCTION } from './sync-message.ts';

const head = { author: idOf('vm2'), generation: 1, sequence: 7, hash: new Uint8Array(32).fill(9) };
const plain = { v: 1, document: 1, heads: [], frames: [] };

test('sync message: comes back as it went', () => {
  // Goal: nothing is lost on the way. Method: round trip of heads, frames and instances.
  const instance = new Uint8Array(16).fill(3);
  const introduction = { instance, heard: [instance], told: [instance], twins: [Uint8Array.of(1)] };
  for (const wallMs of [null, 1_800_000_000_000]) {
    for (const said of [NO_INTRODUCTION, introduction]) {
      const frames = [Uint8Array.of(1, 2), new Uint8Array(70_000)];
      const message = { heads: [head], frames, wallMs, ...said };
      assert.deepEqual(decodeSync(encodeSync(message)), { kind: 'message', message });
    }
  }
});

test('sync message: what is optional and does not read is none, and the message stands', () => {
  // Goal: no such field can stop an exchange. Method: what is no clock, no instance, no list.
  const message = { heads: [], frames: [], wallMs: null, ...NO_INTRODUCTION };
  for (const wallMs of ['now', -1, null, [], 1n]) {
    const bad = typeof wallMs === 'bigint' ? {} : { wallMs, instance: 'x', heard: [1], told: 7 };
    assert.deepEqual(decodeSync(encode({ ...plain, ...bad })), { kind: 'message', message });
  }
});

test('sync message: another version is told by name, whatever else it says', () => {
  // Goal: a mismatch is refused loudly, not as junk. Method: later and earlier ones, of both kinds.
  for (const [v, document] of [
    [2, 1],
    [1, 2],
    [0, 0],
  ] as const) {
    const read = decodeSync(encode({ v, document, heads: 'of another form' }));
    assert.deepEqual(read, { kind: 'other-version', versions: { wire: v, document } });
  }
});

test('sync message: what is none is none, never an exception', () => {
  // Goal: a hostile peer cannot stop the loop. Method: table of broken messages.
  const key = new Uint8Array(32);
  const broken: readonly Value[] = [
    null,
    [],
    { ...plain, v: 'x' },
    { ...plain, document: -1 },
    { v: 1, heads: [], frames: [] },
    { ...plain, heads: {} },
    { ...plain, frames: ['text'] },
    { ...plain, heads: [[key, 0, 0]] },
    { ...plain, heads: [[key.slice(1), 0, 0, key]] },
    { ...plain, heads: [[key, -1, 0, key]] },
    { ...plain, heads: [[key, 0, 'x', key]] },
    { ...plain, heads: [7] },
  ];
  for (const value of broken) {
    assert.deepEqual(decodeSync(encode(value)), { kind: 'none' }, JSON.stringify(value));
  }
  assert.deepEqual(decodeSync(Uint8Array.of(255, 0, 1)), { kind: 'none' });
});
