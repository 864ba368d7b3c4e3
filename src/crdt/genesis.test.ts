import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from '../node/linux/crypto.ts';
import { parsePrefix6 } from './addresses.ts';
import { decode, encode } from './codec.ts';
import type { Value } from './entry.ts';
import { makeGenesis, makePrefix6, readGenesis } from './genesis.ts';
import { meshIdOf } from './ids.ts';
import { sign } from './signed.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(1);
const FIELDS = {
  name: 'prod',
  prefix: '10.10.0.0/16',
  prefix6: 'fd12:3456:789a:1::/64',
  nextRootHash: new Uint8Array(32).fill(9),
};

const recordOf = (bytes: Uint8Array): Readonly<Record<string, Value>> => {
  const decoded = decode(bytes);
  assert.ok(decoded.ok);
  return decoded.value as Readonly<Record<string, Value>>;
};

/** The genesis with other fields, signed again by `seed`. */
const resigned = (change: Readonly<Record<string, Value>>, seed: Uint8Array): Uint8Array => {
  const { signature: _, ...record } = { ...recordOf(makeGenesis(crypto, SEED, FIELDS)), ...change };
  return encode({ ...record, signature: sign(crypto, seed, 'genesis', record) });
};

test('genesis: what the founder signs is read back, and the id is its hash', () => {
  // Goal: the record carries what was chosen. By making and reading one.
  const bytes = makeGenesis(crypto, SEED, FIELDS);
  const read = readGenesis(crypto, bytes);
  assert.ok(read.ok);
  assert.equal(read.meshId, meshIdOf(crypto.sha256(bytes)));
  const { signature, ...record } = read.genesis;
  assert.deepEqual(record, { v: 1, ...FIELDS, founderKey: crypto.publicKey(SEED) });
  assert.equal(signature.length, 64);
});

test('genesis: every bit is under the signature', () => {
  // Goal: a genesis changed anywhere is refused. By flipping one bit in each byte.
  const bytes = makeGenesis(crypto, SEED, FIELDS);
  for (const index of bytes.keys()) {
    const changed = Uint8Array.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.equal(readGenesis(crypto, changed).ok, false, `byte ${index}`);
  }
});

test('genesis: fields of later versions are kept and signed', () => {
  // Goal: tolerant, yet nothing unsigned gets in. By an added field, signed and not.
  const later = readGenesis(crypto, resigned({ later: 1 }, SEED));
  assert.ok(later.ok);
  assert.equal(later.genesis.later, 1);
  const unsigned = encode({ ...recordOf(makeGenesis(crypto, SEED, FIELDS)), later: 1 });
  const read = readGenesis(crypto, unsigned);
  assert.ok(!read.ok);
  assert.match(read.why, /signature/);
});

test('genesis: bad fields are refused, though the founder signed them', () => {
  // Goal: no mesh can stand on a value that its members cannot use. By one bad field at a time.
  assert.equal(readGenesis(crypto, resigned({}, SEED)).ok, true);
  const bad: readonly Readonly<Record<string, Value>>[] = [
    { v: 2 },
    { name: 'Prod' },
    { prefix: '10.10.0.1/16' },
    { prefix: '127.0.0.0/8' },
    { prefix6: 'fc00::/64' },
    { prefix6: 'FD12:3456:789a:1::/64' },
    { nextRootHash: new Uint8Array(31) },
  ];
  for (const change of bad) {
    const read = readGenesis(crypto, resigned(change, SEED));
    assert.ok(!read.ok);
    assert.match(read.why, new RegExp(`^genesis: ${Object.keys(change)[0]} must`));
  }
  const stranger = new Uint8Array(32).fill(2);
  assert.equal(readGenesis(crypto, resigned({}, stranger)).ok, false);
  assert.equal(readGenesis(crypto, resigned({ later: 'x'.repeat(5000) }, SEED)).ok, false);
  assert.equal(readGenesis(crypto, new Uint8Array(0)).ok, false);
  assert.throws(() => makeGenesis(crypto, SEED, { ...FIELDS, name: '' }), TypeError);
});

test('genesis: a random IPv6 prefix is a unique local one', () => {
  // Goal: every draw is a prefix that `parsePrefix6` takes. By the extremes and one in between.
  assert.equal(makePrefix6(new Uint8Array(7)), 'fd00::/64');
  assert.equal(makePrefix6(new Uint8Array(7).fill(255)), 'fdff:ffff:ffff:ffff::/64');
  assert.equal(makePrefix6(new Uint8Array([1, 2, 3, 4, 5, 0, 7, 9])), 'fd01:203:405:7::/64');
  assert.equal(parsePrefix6(makePrefix6(new Uint8Array([0, 0, 0, 0, 0, 0, 1]))).ok, true);
  assert.throws(() => makePrefix6(new Uint8Array(6)), RangeError);
});
