import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../../crdt/ids.ts';
import { createMutes, MUTE_MS } from './mutes.ts';

const [a, b] = ['a', 'b'] as PeerKey[] as [PeerKey, PeerKey];

test('mutes: the third bad frame in a row mutes its sender for two, and nobody else', () => {
  // Goal: a few do not count, many do, and it ends. Method: one at a time, many at once, slowly.
  const mutes = createMutes();
  assert.deepEqual(
    [1, 2, 3].map((atMs) => mutes.blame(a, 1, atMs)),
    [false, false, true],
  );
  assert.ok(mutes.isMuted(a, 4));
  assert.ok(!mutes.isMuted(b, 4));
  assert.ok(mutes.isMuted(a, 2 + MUTE_MS));
  assert.ok(!mutes.isMuted(a, 3 + MUTE_MS));
  assert.ok(!mutes.blame(a, 2, 3 + MUTE_MS), 'it begins anew');
  assert.ok(mutes.blame(b, 1_000, 10));
  assert.ok(!mutes.blame(b, 2, 10 + MUTE_MS));
});

test('mutes: nothing bad, or three a minute for ever, mutes nobody', () => {
  // Goal: the twin. Method: no bad frames at all, many times; one every 20 s for an hour.
  const mutes = createMutes();
  for (let turn = 0; turn < 180; turn += 1) {
    assert.ok(!mutes.blame(a, 0, turn * 20_000));
    assert.ok(!mutes.blame(b, 1, turn * 20_000));
  }
});
