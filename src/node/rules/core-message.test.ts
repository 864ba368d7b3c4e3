import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../crdt/codec.ts';
import {
  decodeClaim,
  decodeClaimAnswer,
  decodePass,
  encodeClaim,
  encodePass,
} from './core-message.ts';

test('core message: what a hostile member says of its role is none, and shows nowhere', () => {
  // Goal: status never fails on another's word. Method: a good claim, then numbers that are none,
  // moments that no date can show, and bytes that are no message.
  const claim = { term: { epoch: 3, n: 1 }, sinceMs: 2 ** 48 };
  assert.deepEqual(decodeClaim(encodeClaim(claim)), claim);
  assert.doesNotThrow(() => new Date(claim.sinceMs).toISOString());
  const good = { v: 1, epoch: 3, n: 1, sinceMs: 1 };
  for (const changed of [
    { sinceMs: 2 ** 48 + 1 },
    { sinceMs: Number.MAX_SAFE_INTEGER },
    { sinceMs: -1 },
    { sinceMs: '1' },
    { epoch: -1 },
    { n: 'x' },
    { v: 2 },
  ]) {
    assert.equal(decodeClaim(encode({ ...good, ...changed })), null, JSON.stringify(changed));
  }
  assert.equal(decodeClaim(new Uint8Array(2_000)), null);
  assert.equal(decodeClaimAnswer(encode({ v: 1, isTaken: 1 })), null);
});

test('core message: a pass is no claim, and no claim is a pass', () => {
  // Goal: one is never taken for the other. Method: one of each; an epoch that is none.
  for (const why of ['unable', 'wrong clock'] as const) {
    const pass = { epoch: 7, why };
    assert.deepEqual(decodePass(encodePass(pass)), pass);
    assert.equal(decodeClaim(encodePass(pass)), null);
  }
  const later = encode({ v: 1, passes: 7, why: 'what a later version may say' });
  assert.deepEqual(decodePass(later), { epoch: 7, why: 'unable' });
  assert.equal(decodePass(encodeClaim({ term: { epoch: 7, n: 0 }, sinceMs: 1 })), null);
  for (const passes of [-1, '7', null]) {
    assert.equal(decodePass(encode({ v: 1, passes })), null, `${passes}`);
  }
});
