/**
 * Rule: fitness — which values CBOR of ours carries, and in which order it writes fields: what its
 * reader and its writer agree on.
 */

/** Most levels of lists and records inside each other. Ours need 3; the rest is room for growth. */
export const DEPTH_MAX = 8;

/** What is said of a value that has more. */
export const TOO_DEEP = `is nested more than ${DEPTH_MAX} levels deep`;

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const BYTE_ORDER_MARK = '\ufeff';

/** Whether a field may have that name: none may name a part of the prototype machinery. */
export const isFieldName = (name: string): boolean => !FORBIDDEN_NAMES.has(name);

/**
 * Whether UTF-8 carries the text. A leading byte order mark is refused because UTF-8 readers drop
 * it, and the value would change.
 */
export const isPlainText = (text: string): boolean =>
  text.isWellFormed() && !text.startsWith(BYTE_ORDER_MARK);

/** The order of fields: by length of their UTF-8, then by its bytes. RFC 8949 §4.2.1. */
export const compareFields = (a: string, b: string): number => {
  if (!isAscii(a) || !isAscii(b)) return compareBytes(utf8.encode(a), utf8.encode(b));
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
};

const utf8 = new TextEncoder();

const isAscii = (text: string): boolean => {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= 0x80) return false;
  }
  return true;
};

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) return a.length - b.length;
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
