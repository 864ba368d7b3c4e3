import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from './crypto.ts';

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// RFC 8032 §7.1, tests 1 and 3.
const VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

test('crypto: Ed25519 as in RFC 8032', () => {
  // Goal: keys and signatures are those of the standard. By its test vectors.
  const crypto = openCrypto();
  for (const { seed, key, message, signature } of VECTORS) {
    assert.equal(toHex(crypto.publicKey(fromHex(seed))), key);
    assert.equal(toHex(crypto.sign(fromHex(seed), fromHex(message))), signature);
    assert.equal(crypto.verify(fromHex(key), fromHex(message), fromHex(signature)), true);
  }
});

test('crypto: a signature that does not fit is false, never thrown', () => {
  // Goal: verify is total. By changing each argument, and by keys and signatures of no shape.
  const crypto = openCrypto();
  const seed = new Uint8Array(32).fill(1);
  const [key, data] = [crypto.publicKey(seed), new Uint8Array([1, 2, 3])];
  const signature = crypto.sign(seed, data);
  const other = crypto.publicKey(new Uint8Array(32).fill(2));
  assert.equal(crypto.verify(key, data, signature), true);
  assert.equal(crypto.verify(other, data, signature), false);
  assert.equal(crypto.verify(key, new Uint8Array([1, 2, 4]), signature), false);
  assert.equal(
    crypto.verify(
      key,
      data,
      signature.map((byte) => byte ^ 1),
    ),
    false,
  );
  for (const length of [0, 31, 33]) {
    assert.equal(crypto.verify(new Uint8Array(length), data, signature), false);
  }
  for (const length of [0, 63, 65]) {
    assert.equal(crypto.verify(key, data, new Uint8Array(length)), false);
  }
  assert.equal(crypto.verify(new Uint8Array(32).fill(255), data, signature), false);
});

test('crypto: SHA-256 and X25519 as in their standards', () => {
  // Goal: the hash of FIPS 180-2 and the first iteration of RFC 7748 §5.2. By their
  // examples.
  const crypto = openCrypto();
  assert.equal(
    toHex(crypto.sha256(new TextEncoder().encode('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  const nine = new Uint8Array(32);
  nine[0] = 9;
  assert.equal(
    toHex(crypto.wgPublicKey(nine)),
    '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
  );
});

test('crypto: everything comes out as plain bytes, and a wrong length throws', () => {
  // Goal: no Buffer leaves the edge, whose equality and slicing differ. By looking at each result.
  const crypto = openCrypto();
  const seed = new Uint8Array(32).fill(3);
  const results = [
    crypto.sha256(seed),
    crypto.publicKey(seed),
    crypto.sign(seed, seed),
    crypto.wgPublicKey(seed),
  ];
  for (const result of results) assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
  assert.deepEqual(
    results.map(({ length }) => length),
    [32, 32, 64, 32],
  );
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => crypto.publicKey(new Uint8Array(length)), TypeError);
    assert.throws(() => crypto.wgPublicKey(new Uint8Array(length)), TypeError);
  }
});

test('crypto: the cache of keys changes no answer', () => {
  // Goal: verify stays right when keys leave the cache. By more keys than it holds, asked twice.
  const crypto = openCrypto();
  const data = new Uint8Array([9]);
  const signed = Array.from({ length: 600 }, (_, index) => {
    const seed = crypto.sha256(new Uint8Array([index % 256, index >> 8]));
    return { key: crypto.publicKey(seed), signature: crypto.sign(seed, data) };
  });
  for (let round = 0; round < 2; round++) {
    for (const [index, { key, signature }] of signed.entries()) {
      assert.equal(crypto.verify(key, data, signature), true);
      const wrong = signed[(index + 1) % signed.length];
      assert.equal(wrong !== undefined && crypto.verify(wrong.key, data, signature), false);
    }
  }
});
