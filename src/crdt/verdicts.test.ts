import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOIN_FLAWS } from './admission.ts';
import { testCrypto } from './test-mesh.ts';
import { openVerdicts } from './verdicts.ts';

const SECRET = new Uint8Array(32).fill(1);
const hashOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice();
  changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
  return changed;
};

/** What is said of three requests, and how many of them had to be judged. */
const askAll = (encoded: Uint8Array | null, secret: Uint8Array = SECRET) => {
  const verdicts = openVerdicts(testCrypto, secret, encoded);
  let judged = 0;
  const whys = [null, ...JOIN_FLAWS].map((why, at) =>
    verdicts.of(hashOf(at), () => {
      judged += 1;
      return why;
    }),
  );
  return { verdicts, whys, judged };
};

test('verdicts: what was judged once is known, also after a restart', () => {
  // Goal: no signature is checked twice. Method: each verdict, asked twice and as encoded.
  const first = askAll(null);
  assert.deepEqual(first.whys, [null, ...JOIN_FLAWS]);
  assert.deepEqual([first.judged, first.verdicts.isWorthKeeping()], [3, false]);
  assert.equal(
    first.verdicts.of(hashOf(1), () => assert.fail('judged again')),
    JOIN_FLAWS[0],
  );
  for (let fill = 3; fill < 64; fill += 1) first.verdicts.of(hashOf(fill), () => null);
  assert.equal(first.verdicts.isWorthKeeping(), true);
  const encoded = first.verdicts.encode();
  assert.equal(first.verdicts.isWorthKeeping(), false);
  const again = askAll(encoded);
  assert.deepEqual([again.whys, again.judged], [first.whys, 0]);
});

test('verdicts: what was changed on disk, cut, or encoded by another counts for nothing', () => {
  // Goal: no flipped bit makes a member. Method: each byte changed, each length, another secret.
  const encoded: Uint8Array = askAll(null).verdicts.encode();
  for (let at = 0; at < encoded.length; at += 1) {
    assert.equal(askAll(flipped(encoded, at)).judged, 3);
    assert.equal(askAll(encoded.slice(0, at)).judged, 3);
  }
  assert.equal(askAll(encoded, hashOf(2)).judged, 3);
  assert.equal(askAll(encoded).judged, 0);
});
