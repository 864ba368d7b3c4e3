/**
 * Rule: CBOR reader — one value out of bytes, if the bytes are its one spelling (RFC 8949 §4.2.1).
 *
 * It takes exactly what `cbor-writer.ts` makes, without writing it again to compare: shortest
 * heads, definite lengths, fields in rising order. Work and memory are linear in the bytes, and
 * bounded by the number of items: what a head claims is never allocated before it was seen to be
 * there, and a list of a million lists is not read to its end.
 */
import type { Value } from './entry.ts';
import { compareFields, DEPTH_MAX, isFieldName, isPlainText, TOO_DEEP } from './fitness.ts';

/** Text up to this length is put together here: below it a decoder costs more to call. */
const SHORT_LENGTH_MAX = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Outcome of reading bytes. `why` is fit for a log: it holds nothing of the input. */
export type ReadValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

/**
 * Reads the one value that the bytes spell, of at most `itemsMax` values in all, those in lists and
 * records included. Byte strings come out as copies. Never throws.
 */
export const readValue = (bytes: Uint8Array, itemsMax: number): ReadValue => {
  const source: Source = { bytes, at: 0, itemsLeft: itemsMax, why: null };
  const value = readItem(source, 0);
  if (source.at !== bytes.length) refuse(source, 'goes on after its end');
  return source.why === null ? { ok: true, value } : { ok: false, why: source.why };
};

/** A place in the bytes. Once `why` is set, nothing that is read counts. */
interface Source {
  readonly bytes: Uint8Array;
  at: number;
  itemsLeft: number;
  why: string | null;
}

const NOT_CBOR = 'is not CBOR as it is written here';

const refuse = (source: Source, why: string): null => {
  source.why ??= why;
  return null;
};

const readItem = (source: Source, depth: number): Value => {
  const head = source.bytes[source.at];
  if (head === undefined) return refuse(source, 'is cut short');
  source.at += 1;
  source.itemsLeft -= 1;
  if (source.itemsLeft < 0) return refuse(source, 'holds too many items');
  switch (head >> 5) {
    case 0:
      return readCount(source, head);
    case 1:
      return readNegative(source, head);
    case 2:
      return readByteString(source, head);
    case 3:
      return readText(source, head);
    case 4:
      return readList(source, head, depth);
    case 5:
      return readRecord(source, head, depth);
    default:
      return readSimple(source, head);
  }
};

const readSimple = (source: Source, head: number): Value => {
  if (head === 0xf4) return false;
  if (head === 0xf5) return true;
  return head === 0xf6 ? null : refuse(source, NOT_CBOR);
};

/** The number in a head or after it: at most 2^53 - 1, in the shortest of its spellings. */
const readCount = (source: Source, head: number): number => {
  const short = head & 0x1f;
  if (short < 24) return short;
  if (short > 27) return refuse(source, NOT_CBOR) ?? 0;
  const width = 1 << (short - 24);
  const { bytes, at } = source;
  if (at + width > bytes.length) return refuse(source, 'is cut short') ?? 0;
  let count = 0;
  for (let index = at; index < at + width; index++) count = count * 256 + (bytes[index] ?? 0);
  source.at += width;
  const least = width === 1 ? 24 : 256 ** (width / 2);
  if (count < least) return refuse(source, 'spells a number too long') ?? 0;
  return Number.isSafeInteger(count) ? count : (refuse(source, 'holds a number too high') ?? 0);
};

const readNegative = (source: Source, head: number): Value => {
  const count = readCount(source, head);
  return count < Number.MAX_SAFE_INTEGER ? -1 - count : refuse(source, 'holds a number too low');
};

/** Where a string of the length that its head claims ends; where it begins when it is refused. */
const readEnd = (source: Source, head: number): number => {
  const length = readCount(source, head);
  const end = source.at + length;
  if (end <= source.bytes.length) return end;
  refuse(source, 'is cut short');
  return source.at;
};

const readByteString = (source: Source, head: number): Uint8Array => {
  const end = readEnd(source, head);
  // A plain copy, also of a Buffer: its own `slice` is a view.
  const copy = new Uint8Array(end - source.at);
  copy.set(source.bytes.subarray(source.at, end));
  source.at = end;
  return copy;
};

const readText = (source: Source, head: number): string => {
  const end = readEnd(source, head);
  const { bytes, at } = source;
  source.at = end;
  if (end - at <= SHORT_LENGTH_MAX) {
    const text = shortTextOf(bytes, at, end);
    if (text !== null) return text;
  }
  try {
    const text = utf8.decode(bytes.subarray(at, end));
    if (!isPlainText(text)) refuse(source, 'holds a text that is not plain Unicode');
    return text;
  } catch {
    refuse(source, 'holds a text that is not plain Unicode');
    return '';
  }
};

/** The text when it is ASCII, else null. */
const shortTextOf = (bytes: Uint8Array, start: number, end: number): string | null => {
  const codes: number[] = [];
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x80) return null;
    codes.push(byte);
  }
  return String.fromCharCode.apply(null, codes);
};

const readList = (source: Source, head: number, depth: number): readonly Value[] => {
  if (depth >= DEPTH_MAX) refuse(source, TOO_DEEP);
  const length = readCount(source, head);
  const list: Value[] = [];
  for (let index = 0; index < length && source.why === null; index++) {
    list.push(readItem(source, depth + 1));
  }
  return list;
};

const readRecord = (source: Source, head: number, depth: number): Value => {
  if (depth >= DEPTH_MAX) refuse(source, TOO_DEEP);
  const length = readCount(source, head);
  const record: Record<string, Value> = Object.create(null);
  let before: string | null = null;
  for (let index = 0; index < length && source.why === null; index++) {
    const name = readName(source, before);
    if (name === null) break;
    record[name] = readItem(source, depth + 1);
    before = name;
  }
  return record;
};

/** The name of a field after the one before it. */
const readName = (source: Source, before: string | null): string | null => {
  const head = source.bytes[source.at] ?? 0;
  if (head >> 5 !== 3) return refuse(source, NOT_CBOR);
  source.at += 1;
  const name = readText(source, head);
  if (!isFieldName(name)) return refuse(source, `has a field named ${name}`);
  const isLater = before === null || compareFields(before, name) < 0;
  return isLater ? name : refuse(source, 'has fields out of order');
};
