import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64urlnopad } from '@scure/base';
import { openCrypto } from '../node/linux/crypto.ts';
import { encode } from './codec.ts';
import type { Value } from './entry.ts';
import { memberIdOf, meshIdOf } from './ids.ts';
import { hashOf, joinBytes } from './signed.ts';
import { printToken, readToken, type Token } from './token.ts';

const crypto = openCrypto();
const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

const tokenWith = (entryCount: number): Token => ({
  meshId: meshIdOf(bytes(1)),
  psk: bytes(2),
  seed: bytes(3),
  expiry: 1_790_000_000_000,
  entries: Array.from({ length: entryCount }, (_, index) => ({
    memberId: memberIdOf(bytes(10 + index)),
    address: { host: index % 2 === 0 ? '192.0.2.1' : '2001:db8::1', port: 7300 },
  })),
});

/** A text with a right checksum around any record. */
const wrapped = (record: Value): string => {
  const body = encode(record);
  const checksum = hashOf(crypto, 'token', body).subarray(0, 6);
  return `cnsmo1_${base64urlnopad.encode(joinBytes(body, checksum))}`;
};

const whyNot = (text: string): string => {
  const read = readToken(crypto, text);
  return read.ok ? 'it was taken' : read.why;
};

test('token: what is printed is read back', () => {
  // Goal: nothing is lost on the way to the joiner. By tokens with 0, 1 and 8 entries, also wrapped
  // by a terminal.
  for (const count of [0, 1, 8]) {
    const token = tokenWith(count);
    const text = printToken(crypto, token);
    assert.match(text, /^cnsmo1_[A-Za-z0-9_-]+$/);
    assert.deepEqual(readToken(crypto, text), { ok: true, token });
    const spread = `  ${text.replace(/(.{80})/g, '$1\r\n')}\n`;
    assert.deepEqual(readToken(crypto, spread), { ok: true, token });
  }
  assert.throws(() => printToken(crypto, tokenWith(9)), /entries holds more than 8/);
});

test('token: what is wrong is told apart', () => {
  // Goal: a person learns whether to look for the right text, copy it again, or update. By kind.
  const text = printToken(crypto, tokenWith(1));
  for (const other of ['', 'hello', text.slice(1), text.slice(7), 'cnsmo_x', 'cnsmo0_x']) {
    assert.match(whyNot(other), /is not a token/, other);
  }
  const damaged = [
    text.slice(0, -1),
    text.slice(0, -4),
    text.slice(0, 8),
    'cnsmo1_',
    `${text}A`,
    `${text}!`,
    `${text}${text}`,
    text.toUpperCase().replace('CNSMO', 'cnsmo'),
    `cnsmo1_${'A'.repeat(9000)}`,
  ];
  for (const other of damaged)
    assert.match(whyNot(other), /is cut or mistyped/, other.slice(0, 80));
  assert.match(whyNot(text.replace('cnsmo1_', 'cnsmo2_')), /newer version/);
  assert.match(whyNot(wrapped({ v: 2 })), /newer version/);
});

test('token: one changed character anywhere is found', () => {
  // Goal: the checksum covers all. By changing each character; the last ones may be padding bits,
  // which strict base64 refuses.
  const text = printToken(crypto, tokenWith(1));
  for (let index = 7; index < text.length; index++) {
    const changed =
      text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
    assert.match(whyNot(changed), /is cut or mistyped/, `character ${index}`);
  }
});

test('token: content of the wrong shape is refused, and no secret is shown', () => {
  // Goal: a right checksum makes no token. By one bad field at a time around a good one.
  const entry = { memberId: bytes(10), address: { host: '192.0.2.1', port: 7300 } };
  const good = {
    v: 1,
    meshId: bytes(1),
    psk: bytes(2),
    seed: bytes(3),
    expiry: 5,
    entries: [entry],
  };
  assert.equal(readToken(crypto, wrapped(good)).ok, true);
  assert.equal(readToken(crypto, wrapped({ ...good, later: 1 })).ok, true);
  const bad: readonly Value[] = [
    { ...good, psk: bytes(2).subarray(1) },
    { ...good, expiry: -1 },
    { ...good, entries: Array.from({ length: 9 }, () => entry) },
    { ...good, entries: [{ ...entry, address: { host: 'vm.example', port: 7300 } }] },
    { ...good, entries: [{ ...entry, address: { host: '192.0.2.1', port: 0 } }] },
    [],
  ];
  for (const record of bad) {
    const why = whyNot(wrapped(record));
    assert.match(why, /is damaged/);
    assert.equal(/AgIC|vm\.example|2,2/.test(why), false);
  }
});
