import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRecord } from '../crdt/journal.ts';
import { openCrypto } from './linux/crypto.ts';
import { recordsOf } from './records.ts';

const crypto = openCrypto();

test('records: many frames, and a long one, are put together in slices', async () => {
  // Goal: nobody waits for some MB of fresh memory to be filled, and the file is what it would be.
  // Method: count the pauses for 3.5 MB in one frame, in many, and for two short ones.
  const long = new Uint8Array(3_500_000).fill(1);
  const many = Array.from({ length: 700 }, (_, n) => new Uint8Array(5_000).fill(n));
  const short = [new Uint8Array(9), new Uint8Array(0)];
  for (const [frames, expected] of [
    [[long], 4],
    [many, 3],
    [short, 0],
  ] as const) {
    let pauses = 0;
    const clock = {
      ...{ wallMs: () => 0, monotonicMs: () => 0 },
      sleep: async () => {
        pauses += 1;
      },
    };
    const beginning = new Uint8Array([7, 7]);
    const bytes = await recordsOf({ clock, crypto }, frames, beginning);
    const whole = Buffer.concat([beginning, ...frames.map((one) => encodeRecord(crypto, one))]);
    assert.ok(whole.equals(bytes));
    assert.equal(pauses, expected);
  }
});
