import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from '../node/linux/crypto.ts';
import { hashOf, joinBytes, type Kind, sign, verify } from './signed.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(1);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test('signed: the bytes are domain, kind, zero, record', () => {
  // Goal: what is signed is what FORMATS, "Bytes", says. By spelling it out.
  const expected = joinBytes(utf8('cnsmo/v1/join'), new Uint8Array([0, 0xa1, 0x61, 0x61, 0x01]));
  assert.deepEqual(sign(crypto, SEED, 'join', { a: 1 }), crypto.sign(SEED, expected));
  assert.deepEqual(joinBytes(), new Uint8Array(0));
});

test('signed: a signature counts for one kind, record and key', () => {
  // Goal: a signature cannot be moved. By changing one thing at a time.
  const record = { a: 1 };
  const key = crypto.publicKey(SEED);
  const signature = sign(crypto, SEED, 'join', record);
  assert.equal(verify(crypto, key, { kind: 'join', record, signature }), true);
  const beginning = 'joi' as string as Kind;
  for (const kind of ['root', beginning] as const) {
    assert.equal(verify(crypto, key, { kind, record, signature }), false);
  }
  assert.equal(verify(crypto, key, { kind: 'join', record: { a: 2 }, signature }), false);
  const other = crypto.publicKey(new Uint8Array(32).fill(2));
  assert.equal(verify(crypto, other, { kind: 'join', record, signature }), false);
  const short = signature.subarray(1);
  assert.equal(verify(crypto, key, { kind: 'join', record, signature: short }), false);
});

test('signed: derived hashes are of the kind and the bytes, with nothing between', () => {
  // Goal: `sha256("cnsmo/v1/root" | key)`, as FORMATS, "Bytes". By spelling it out.
  const bytes = new Uint8Array([1, 2]);
  const expected = crypto.sha256(joinBytes(utf8('cnsmo/v1/root'), bytes));
  assert.deepEqual(hashOf(crypto, 'root', bytes), expected);
  assert.notDeepEqual(hashOf(crypto, 'ipv6', bytes), expected);
});
