/**
 * Rule: codec — values to bytes and back: deterministic CBOR (RFC 8949 §4.2), one spelling per
 * value.
 *
 * What is signed and hashed must have one spelling, so reading is as strict as writing:
 * 1. `decode` never throws, and takes exactly the bytes that `encode` makes: it encodes again and
 *    compares.
 * 2. Records come out with a null prototype, and no key may name a part of the prototype machinery.
 * 3. No floats, no integers beyond ±(2^53 - 1), no undefined, no tags, no text that UTF-8 cannot
 *    carry.
 */
import { decode as decodeCbor, encode as encodeCbor, rfc8949EncodeOptions } from 'cborg';
import type { Value } from './entry.ts';

/** Most levels of lists and records inside each other. Ours need 3; the rest is room for growth. */
const DEPTH_MAX = 8;

/** Longest input that `decode` takes when the caller names no limit: 1 MiB. */
const DECODE_BYTES_MAX = 1 << 20;

/** Outcome of reading bytes. `why` is fit for a log: it holds nothing of the input. */
export type Decoded =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const BYTE_ORDER_MARK = '\ufeff';

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

/**
 * The bytes of a value. Throws for what invariant 3 excludes: writing such a thing is a
 * programmer's error.
 */
export const encode = (value: Value): Uint8Array => {
  const why = whyUnfit(value, 0);
  if (why !== null) throw new TypeError(`cannot encode: ${why}`);
  // A plain copy: in Node cborg returns a Buffer for longer values, which Yjs does not take.
  return Uint8Array.from(encodeCbor(value, rfc8949EncodeOptions));
};

/**
 * The value that bytes spell, if they are the bytes that `encode` makes of it. Lengths in bytes.
 */
export const decode = (bytes: Uint8Array, bytesMax: number = DECODE_BYTES_MAX): Decoded => {
  if (bytes.length > bytesMax) {
    return { ok: false, why: `is ${bytes.length} bytes long, at most ${bytesMax} are taken` };
  }
  let value: unknown;
  try {
    value = withRecords(decodeCbor(bytes, DECODE_OPTIONS));
  } catch {
    return { ok: false, why: 'is not strict CBOR' };
  }
  const why = whyUnfit(value, 0);
  if (why !== null) return { ok: false, why };
  const fit = value as Value;
  if (!isSameBytes(encodeCbor(fit, rfc8949EncodeOptions), bytes)) {
    return { ok: false, why: 'is not canonical CBOR' };
  }
  return { ok: true, value: fit };
};

/** Whether two byte strings are equal. Not for secrets: it stops at the first difference. */
export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
};

/** Replaces each Map by a record without prototype. Throws for a key that is no text. */
const withRecords = (raw: unknown): unknown => {
  if (Array.isArray(raw)) return raw.map(withRecords);
  if (!(raw instanceof Map)) return raw;
  const record: Record<string, unknown> = Object.create(null);
  for (const [key, value] of raw) {
    if (typeof key !== 'string') throw new TypeError('a key is no text');
    record[key] = withRecords(value);
  }
  return record;
};

/** Why a value cannot be carried, or null. */
const whyUnfit = (value: unknown, depth: number): string | null => {
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value === 'number') return whyUnfitNumber(value);
  if (typeof value === 'string') return whyUnfitText(value);
  if (typeof value !== 'object') return `holds a value of type ${typeof value}`;
  if (value instanceof Uint8Array) return null;
  if (depth >= DEPTH_MAX) return `is nested more than ${DEPTH_MAX} levels deep`;
  return Array.isArray(value) ? whyUnfitList(value, depth) : whyUnfitRecord(value, depth);
};

const whyUnfitNumber = (value: number): string | null =>
  Number.isSafeInteger(value) && !Object.is(value, -0) ? null : 'holds a number that is no integer';

// A leading byte order mark is refused because UTF-8 readers drop it, and the value would change.
const whyUnfitText = (value: string): string | null =>
  value.isWellFormed() && !value.startsWith(BYTE_ORDER_MARK)
    ? null
    : 'holds a text that is not plain Unicode';

const whyUnfitList = (list: readonly unknown[], depth: number): string | null => {
  // By index, so that a hole counts as undefined.
  for (let index = 0; index < list.length; index++) {
    const why = whyUnfit(list[index], depth + 1);
    if (why !== null) return why;
  }
  return null;
};

const whyUnfitRecord = (record: object, depth: number): string | null => {
  const prototype = Object.getPrototypeOf(record);
  if (prototype !== null && prototype !== Object.prototype)
    return 'holds an object that is no record';
  for (const [key, value] of Object.entries(record)) {
    if (FORBIDDEN_KEYS.has(key)) return `has a field named ${key}`;
    const why = whyUnfitText(key) ?? whyUnfit(value, depth + 1);
    if (why !== null) return why;
  }
  return null;
};
