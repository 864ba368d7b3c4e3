import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as decodeCbor, encode as encodeCbor, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { decode, encode, isSameBytes } from './codec.ts';
import type { Value } from './entry.ts';
import { REFUSED } from './test-cbor.ts';

/** Limits of the codec: levels, and bytes where the caller names no limit. */
const DEPTH_MAX = 8;
const DECODE_BYTES_MAX = 1024 * 1024;

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** `depth` lists inside each other around null. */
const nested = (depth: number): Value => (depth === 0 ? null : [nested(depth - 1)]);

const anyKey = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key))
  .filter((key) => key.isWellFormed() && !key.startsWith('\ufeff'));

const anyValue = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
    anyKey,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(anyKey, tie('value'), { maxKeys: 5, noNullPrototype: false }),
  ),
})).value;

/** The value with every record's prototype removed, as `decode` gives it. */
const bare = (value: Value): Value => {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, bare(inner)] as const);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
};

test('codec: what is written is read back', () => {
  // Goal: reading is the inverse of writing. By random values, compared with prototypes.
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepStrictEqual(decode(encode(value)), { ok: true, value: bare(value) });
    }),
    { numRuns: 500 },
  );
});

test('codec: random bytes never throw, and what is taken has one spelling', () => {
  // Goal: reading is total and strict. By random bytes, and by good bytes with one bit flipped.
  const once = (bytes: Uint8Array): void => {
    const decoded = decode(bytes);
    if (decoded.ok) assert.equal(toHex(encode(decoded.value)), toHex(bytes));
    else assert.equal(typeof decoded.why, 'string');
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), once), { numRuns: 2000 });
  fc.assert(
    fc.property(anyValue, fc.nat(), fc.integer({ min: 0, max: 7 }), (value, place, bit) => {
      const bytes = encode(value);
      const index = place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      once(bytes);
    }),
    { numRuns: 1000 },
  );
});

test('codec: order of fields does not matter to the bytes', () => {
  // Goal: one spelling per record. By writing one record in two orders; RFC 8949 §4.2.1 gives the
  // bytes: shorter keys first, then by content.
  const expected = 'a3616102616203626161' + '01';
  assert.equal(toHex(encode({ aa: 1, b: 3, a: 2 })), expected);
  assert.equal(toHex(encode({ a: 2, b: 3, aa: 1 })), expected);
});

/** What cborg, a library of its own, spells canonically and reads strictly; else undefined. */
const referenceOf = (bytes: Uint8Array): unknown => {
  const options = { strict: true, allowIndefinite: false, allowUndefined: false, useMaps: true };
  try {
    const value = withRecords(decodeCbor(bytes, { ...options, rejectDuplicateMapKeys: true }));
    const again = encodeCbor(value, rfc8949EncodeOptions);
    return toHex(again) === toHex(bytes) ? value : undefined;
  } catch {
    return undefined;
  }
};

const withRecords = (raw: unknown): unknown => {
  if (Array.isArray(raw)) return raw.map(withRecords);
  if (!(raw instanceof Map)) return raw;
  return Object.assign(
    Object.create(null),
    Object.fromEntries([...raw].map(([key, value]) => [String(key), withRecords(value)])),
  );
};

test('codec: it spells and reads as another implementation does', () => {
  // Goal: the bytes are RFC 8949's, not only our own. By random values and mutants of them beside
  // cborg: what is read here is read there, and the same; what is refused here is one of ours.
  const ours = /deep|field named|plain Unicode|number|CBOR as/;
  fc.assert(
    fc.property(anyValue, fc.nat(), fc.nat(255), (value, place, byte) => {
      const bytes = encode(value);
      assert.equal(toHex(bytes), toHex(encodeCbor(value, rfc8949EncodeOptions)));
      bytes[place % bytes.length] = byte;
      const decoded = decode(bytes);
      const reference = referenceOf(bytes);
      if (decoded.ok) assert.deepStrictEqual(decoded.value, reference);
      else if (reference !== undefined) assert.match(decoded.why, ours);
    }),
    { numRuns: 3000 },
  );
});

/** Bytes that are taken, and what they spell. */
const TAKEN: readonly (readonly [hex: string, value: Value])[] = [
  ['00', 0],
  ['1818', 24],
  ['3903e7', -1000],
  ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['3b001ffffffffffffe', Number.MIN_SAFE_INTEGER],
  ['f6', null],
  ['6161', 'a'],
  ['80', []],
  ['a0', bare({})],
  ['4101', new Uint8Array([1])],
];

test('codec: bytes that are not ours are refused', () => {
  // Goal: each rule of strictness holds. By hand-written CBOR, beside the spelling that is taken.
  for (const [hex, value] of TAKEN) {
    assert.deepStrictEqual(decode(fromHex(hex)), { ok: true, value }, hex);
  }
  for (const [hex, why] of REFUSED) assert.equal(decode(fromHex(hex)).ok, false, why);
});

test('codec: depth and length have a limit', () => {
  // Goal: the limits lie where they are said to. By the last value inside and the first outside.
  assert.equal(decode(encode(nested(DEPTH_MAX))).ok, true);
  assert.throws(() => encode(nested(DEPTH_MAX + 1)), /nested/);
  const deeper = fromHex(`${'81'.repeat(DEPTH_MAX + 1)}f6`);
  assert.deepStrictEqual(decode(deeper), { ok: false, why: 'is nested more than 8 levels deep' });
  assert.equal(decode(fromHex(`${'81'.repeat(500_000)}f6`)).ok, false);
  const bytes = encode('abc');
  assert.equal(decode(bytes, bytes.length).ok, true);
  assert.equal(decode(bytes, bytes.length - 1).ok, false);
  const full = encode(new Uint8Array(DECODE_BYTES_MAX - 5));
  assert.equal(full.length, DECODE_BYTES_MAX);
  assert.equal(decode(full).ok, true);
  assert.equal(decode(encode(new Uint8Array(DECODE_BYTES_MAX - 4))).ok, false);
});

test('codec: bytes that claim or hold very much cost little', () => {
  // Goal: one message of 10 MiB stalls nobody. Method: megabytes of the smallest items of each
  // kind, of which only so many are read; lists in each other; and one more than may be.
  const flood = (byte: number): Uint8Array => {
    const bytes = new Uint8Array(10 * 1_048_576).fill(byte);
    bytes.set([0x9a, 0x00, 0x9f, 0xff, 0xfb]);
    return bytes;
  };
  for (const byte of [0x00, 0x80, 0xa0, 0x60, 0x40, 0xf6]) {
    const why = 'holds too many items';
    assert.deepEqual(decode(flood(byte), 1 << 24), { ok: false, why }, byte.toString(16));
  }
  for (const byte of [0x81, 0x9b, 0xbb]) assert.equal(decode(flood(byte), 1 << 24).ok, false);
  const list = (count: number) => encode(Array.from({ length: count }, () => 0));
  assert.ok(decode(list(65_535)).ok);
  assert.ok(!decode(list(65_536)).ok);
  assert.ok(decode(list(3), 100, 4).ok);
  assert.ok(!decode(list(3), 100, 3).ok);
});

test('codec: writing what cannot be carried throws', () => {
  // Goal: a programmer's error is loud. By values that the type forbids, each beside a good one.
  const good: readonly Value[] = [0, -1, '', [null], { a: null }, Object.create(null)];
  for (const value of good) assert.doesNotThrow(() => encode(value));
  const holes: unknown[] = [];
  holes.length = 1;
  const bad: readonly unknown[] = [
    1.5,
    -0,
    Number.NaN,
    2 ** 53,
    10n,
    undefined,
    [undefined],
    holes,
    { a: undefined },
    new Map(),
    new Date(0),
    new Uint16Array(1),
    () => 0,
    '\ud800',
    { '\ud800': 1 },
    '\ufeffa',
    { constructor: 1 },
    JSON.parse('{"__proto__":1}'),
  ];
  for (const value of bad) assert.throws(() => encode(value as Value), TypeError);
});

test('codec: bytes come out as plain copies', () => {
  // Goal: no value shares memory with its input, nor is it a Buffer. By changing the input after.
  const input = Buffer.from(encode(new Uint8Array([1, 2, 3])));
  const decoded = decode(input);
  assert.ok(decoded.ok && decoded.value instanceof Uint8Array);
  input.fill(0);
  assert.deepStrictEqual(decoded.value, new Uint8Array([1, 2, 3]));
  const source = new Uint8Array([7]);
  const written = encode(source);
  source[0] = 8;
  assert.equal(toHex(written), '4107');
});

test('codec: bytes are equal only when all are', () => {
  // Goal: length and content both count. By table.
  const bytes = new Uint8Array([1, 2]);
  assert.equal(isSameBytes(bytes, new Uint8Array([1, 2])), true);
  assert.equal(isSameBytes(bytes, new Uint8Array([1, 3])), false);
  assert.equal(isSameBytes(bytes, new Uint8Array([1])), false);
  assert.equal(isSameBytes(bytes, new Uint8Array([1, 2, 0])), false);
});

test('bytes are plain at every length', () => {
  // Goal: Yjs takes what encode gives, and it takes no Buffer. By encoding every length to 700.
  for (let length = 0; length <= 700; length++) {
    const bytes = encode({ text: 'x'.repeat(length), bytes: new Uint8Array(length) });
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, `length ${length}`);
  }
});
