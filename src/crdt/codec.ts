/**
 * Rule: codec — values to bytes and back: deterministic CBOR (RFC 8949 §4.2), one spelling per
 * value.
 *
 * What is signed and hashed must have one spelling, so reading is as strict as writing:
 * 1. `decode` never throws, and takes exactly the bytes that `encode` makes.
 * 2. Records come out with a null prototype, and no key may name a part of the prototype machinery.
 * 3. No floats, no integers beyond ±(2^53 - 1), no undefined, no tags, no text that UTF-8 cannot
 *    carry.
 */
import { type ReadValue, readValue } from './cbor-reader.ts';
import { writeValue } from './cbor-writer.ts';
import type { Value } from './entry.ts';

/** Longest input that `decode` takes when the caller names no limit: 1 MiB. */
const DECODE_BYTES_MAX = 1 << 20;

/**
 * Most values that `decode` takes when the caller names no limit, those in lists and records
 * included. Ten million would fit 10 MiB and take seconds and some hundred megabytes; these take
 * some milliseconds. The heads of 13,000 authors fit.
 */
const ITEMS_MAX = 65_536;

const NOTHING = new Uint8Array();

/**
 * The bytes of a value, behind a beginning where there is one. Throws for what invariant 3
 * excludes: writing such a thing is a programmer's error.
 */
export const encode = (value: Value, beginning: Uint8Array = NOTHING): Uint8Array =>
  writeValue(value, beginning);

/**
 * The value that bytes spell, if they are the bytes that `encode` makes of it. Lengths in bytes.
 */
export const decode = (
  bytes: Uint8Array,
  bytesMax: number = DECODE_BYTES_MAX,
  itemsMax: number = ITEMS_MAX,
): ReadValue =>
  bytes.length > bytesMax
    ? { ok: false, why: `is ${bytes.length} bytes long, at most ${bytesMax} are taken` }
    : readValue(bytes, itemsMax);

/** Whether two byte strings are equal. Not for secrets: it stops at the first difference. */
export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
};
