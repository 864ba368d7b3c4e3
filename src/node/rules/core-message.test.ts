import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord } from '../../crdt/entry.ts';
import { meshIdOf } from '../../crdt/ids.ts';
import { sign } from '../../crdt/signed.ts';
import { idOf, seedOf } from '../../crdt/test-world.ts';
import { openCrypto } from '../linux/crypto.ts';
import {
  createCoreSigner,
  decodeClaim,
  decodeClaimAnswer,
  decodePass,
  decodeQuestion,
  encodeClaim,
  encodeClaimAnswer,
  encodePass,
  encodeQuestion,
} from './core-message.ts';

const crypto = openCrypto();
const signerIn = (mesh: number, name: string) => {
  const meshId = meshIdOf(new Uint8Array(32).fill(mesh));
  return createCoreSigner(crypto, { seed: seedOf(name), meshId });
};
const CLAIM = { term: { epoch: 3, n: 1 }, sinceMs: 5 };
const PASS = { epoch: 3, why: 'wrong clock' } as const;

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

test('core message: what is handed on is what its author signed, in this mesh, for this', () => {
  // Goal: nobody can speak for another. Method: a claim and a pass, read as unsigned ones are; with
  // each field changed, under another name, in another mesh, signed for another purpose, unsigned.
  const [a, b] = [signerIn(1, 'a'), signerIn(1, 'b')];
  const [claim, pass] = [a.claim(CLAIM), a.pass(PASS)];
  assert.deepEqual([decodeClaim(claim), decodePass(pass)], [CLAIM, PASS]);
  for (const message of [claim, pass]) {
    assert.ok(b.isSaid(idOf('a'), message));
    assert.ok(!b.isSaid(idOf('b'), message));
    assert.ok(!signerIn(2, 'b').isSaid(idOf('a'), message));
    const fields = fieldsOf(message);
    for (const name of Object.keys(fields)) {
      const changed = encode({ ...fields, [name]: name === 'why' ? 'x' : 2 });
      assert.ok(!b.isSaid(idOf('a'), changed), name);
    }
    const { signature: _, ...rest } = fields;
    assert.ok(!b.isSaid(idOf('a'), encode(rest)), 'an early release');
    const mesh = new Uint8Array(32).fill(1);
    const signature = sign(crypto, seedOf('a'), 'word', { ...rest, mesh });
    assert.ok(!b.isSaid(idOf('a'), encode({ ...rest, signature })));
    const more = { ...rest, later: 7 };
    const good = sign(crypto, seedOf('a'), 'core', { ...more, mesh });
    assert.ok(b.isSaid(idOf('a'), encode({ ...more, signature: good })), 'a later release');
  }
  assert.ok(!b.isSaid(idOf('a'), new Uint8Array(3)));
});

test('core message: a question is neither claim nor pass, and its answer has a limit', () => {
  // Goal: an early release answers a question with "not taken", and nobody reads more than two
  // messages. Method: one question; answers with two, four and other things than messages.
  const question = encodeQuestion(idOf('a'));
  assert.equal(decodeQuestion(question), idOf('a'));
  assert.deepEqual([decodeClaim(question), decodePass(question)], [null, null]);
  for (const about of [idOf('a'), new Uint8Array(31), null]) {
    assert.equal(decodeQuestion(encode({ v: 1, about })), null);
  }
  assert.equal(decodeQuestion(encodeClaim(CLAIM)), null);
  const said = [signerIn(1, 'a').pass(PASS), signerIn(1, 'a').claim(CLAIM)];
  const answer = { isTaken: false, isElected: false, highest: null, said };
  assert.deepEqual(decodeClaimAnswer(encodeClaimAnswer(answer)), answer);
  const bad = encode({ v: 1, isTaken: false, said: [1, said[0] ?? null, ...said] });
  assert.deepEqual(decodeClaimAnswer(bad)?.said, [said[0], said[0]]);
  for (const other of [7, 'x', { a: 1 }]) {
    assert.deepEqual(decodeClaimAnswer(encode({ v: 1, isTaken: true, said: other }))?.said, []);
  }
});

const fieldsOf = (message: Uint8Array) => {
  const read = decode(message, 1_000);
  assert.ok(read.ok && isRecord(read.value));
  return read.value;
};
