import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from '../node/linux/crypto.ts';
import { makeFrame, makeInPieces } from './frame.ts';
import { openMeter } from './meter.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(1);
const MESH = new Uint8Array(32).fill(2);

test('a long frame is made in pieces, and is the same', () => {
  // Goal: nobody waits for 3 MB to be spelt, signed and spelt again. Method: count the pauses for a
  // long body and for a short one.
  for (const [length, expected] of [
    [3_000_000, 2],
    [300, 0],
  ] as const) {
    const body = new Uint8Array(length).fill(5);
    const place = { generation: 1, sequence: 0, previous: [0, 9, MESH] } as const;
    const content = { mesh: MESH, author: crypto.publicKey(SEED), ...place, body };
    const work = makeInPieces(crypto, SEED, content, openMeter());
    let pauses = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) pauses += 1;
    assert.equal(pauses, expected);
    assert.deepEqual(step.value, makeFrame(crypto, SEED, content));
  }
});
