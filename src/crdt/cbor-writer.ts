/**
 * Rule: CBOR writer — the one spelling of a value (RFC 8949 §4.2.1).
 *
 * It goes over the value twice: to see that it fits and how long it is, then to write it into as
 * many bytes.
 */
import type { Value } from './entry.ts';
import { compareFields, DEPTH_MAX, isFieldName, isPlainText, TOO_DEEP } from './fitness.ts';

/** ASCII up to this length is written here: below it an encoder costs more to call. */
const SHORT_LENGTH_MAX = 64;

const textEncoder = new TextEncoder();

/** The bytes of a value, behind a beginning. TypeError for what cannot be carried. */
export const writeValue = (value: Value, beginning: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(beginning.length + lengthOf(value, 0));
  bytes.set(beginning);
  put({ bytes, at: beginning.length }, value);
  return bytes;
};

interface Target {
  readonly bytes: Uint8Array;
  at: number;
}

const unfit = (why: string): TypeError => new TypeError(`cannot encode: ${why}`);

/** Length of the value's spelling, bytes. Throws when it has none. */
const lengthOf = (value: unknown, depth: number): number => {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'number') return lengthOfNumber(value);
  if (typeof value === 'string') return lengthOfText(value);
  if (typeof value !== 'object') throw unfit(`holds a value of type ${typeof value}`);
  if (value instanceof Uint8Array) return headLength(value.length) + value.length;
  if (depth >= DEPTH_MAX) throw unfit(TOO_DEEP);
  return Array.isArray(value) ? lengthOfList(value, depth) : lengthOfRecord(value, depth);
};

const lengthOfNumber = (value: number): number => {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw unfit('holds a number that is no integer');
  }
  return headLength(value < 0 ? -1 - value : value);
};

const lengthOfText = (text: string): number => {
  if (!isPlainText(text)) throw unfit('holds a text that is not plain Unicode');
  const length = utf8Length(text);
  return headLength(length) + length;
};

const lengthOfList = (list: readonly unknown[], depth: number): number => {
  let length = headLength(list.length);
  // By index, so that a hole counts as undefined.
  for (let index = 0; index < list.length; index++) length += lengthOf(list[index], depth + 1);
  return length;
};

const lengthOfRecord = (record: object, depth: number): number => {
  const prototype = Object.getPrototypeOf(record);
  if (prototype !== null && prototype !== Object.prototype) {
    throw unfit('holds an object that is no record');
  }
  const fields = record as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields);
  let length = headLength(names.length);
  for (const name of names) {
    if (!isFieldName(name)) throw unfit(`has a field named ${name}`);
    length += lengthOfText(name) + lengthOf(fields[name], depth + 1);
  }
  return length;
};

const headLength = (count: number): number => {
  if (count < 24) return 1;
  if (count < 0x100) return 2;
  if (count < 0x10000) return 3;
  return count < 0x100000000 ? 5 : 9;
};

const utf8Length = (text: string): number => {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= 0x80) return textEncoder.encode(text).length;
  }
  return text.length;
};

const put = (target: Target, value: Value): void => {
  if (value === null) putHead(target, 7, 22);
  else if (typeof value === 'boolean') putHead(target, 7, value ? 21 : 20);
  else if (typeof value === 'number') putNumber(target, value);
  else if (typeof value === 'string') putText(target, value);
  else if (value instanceof Uint8Array) {
    putHead(target, 2, value.length);
    target.bytes.set(value, target.at);
    target.at += value.length;
  } else if (Array.isArray(value)) {
    putHead(target, 4, value.length);
    for (const item of value) put(target, item);
  } else putRecord(target, value as { readonly [key: string]: Value });
};

const putRecord = (target: Target, record: { readonly [key: string]: Value }): void => {
  const names = Object.keys(record).sort(compareFields);
  putHead(target, 5, names.length);
  for (const name of names) {
    putText(target, name);
    put(target, record[name] ?? null);
  }
};

const putNumber = (target: Target, value: number): void =>
  value < 0 ? putHead(target, 1, -1 - value) : putHead(target, 0, value);

const putText = (target: Target, text: string): void => {
  const length = utf8Length(text);
  putHead(target, 3, length);
  if (length === text.length && length <= SHORT_LENGTH_MAX) {
    for (let index = 0; index < length; index++) {
      target.bytes[target.at + index] = text.charCodeAt(index);
    }
  } else textEncoder.encodeInto(text, target.bytes.subarray(target.at));
  target.at += length;
};

/** A head: kind of value, and a count in its shortest spelling. */
const putHead = (target: Target, major: number, count: number): void => {
  const { bytes } = target;
  const kind = major << 5;
  if (count < 24) {
    bytes[target.at++] = kind | count;
    return;
  }
  const width = headLength(count) - 1;
  bytes[target.at++] = kind | (width < 3 ? 23 + width : width === 4 ? 26 : 27);
  let rest = count;
  for (let index = target.at + width - 1; index >= target.at; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  target.at += width;
};
