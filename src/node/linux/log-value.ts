/**
 * Edge: log value — what of a value may stand in the log.
 *
 * 1. Nothing that a peer chose can forge a line or drive a terminal: control and formatting
 *    characters are escaped, long values are cut, deep and wide ones too.
 * 2. A value whose name says that it is secret is not written. That is a net below those who call,
 *    not a permission to pass one.
 */
import { Fault } from '../../fault.ts';

/** Longest text that is written whole. A stack is the longest that we need: its first frames. */
const TEXT_LENGTH_MAX = 300;

/** Most items of a list, and most names of a record, that are written. */
const ITEMS_MAX = 32;

/** How deep records and lists are written. */
const DEPTH_MAX = 4;

const SECRET_NAME = /(key|seed|secret|token|psk|code|password|passphrase)s?$/i;

/** What a join token looks like, wherever in a text it stands. */
const TOKEN = /cnsmo1[_-][A-Za-z0-9_-]+/g;

/** A value as it may be written, under the name that it has there. */
export function clean(name: string, value: unknown, depth: number): unknown {
  const isSecret = SECRET_NAME.test(name);
  if (typeof value === 'string') return isSecret ? '(secret)' : cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? `(${typeof value})` : value;
  }
  if (isSecret) return '(secret)';
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (value instanceof Fault)
    return { code: value.code, ...cleanRecord({ ...value.facts }, depth) };
  if (value instanceof Error) {
    return { error: cleanText(value.message), stack: cleanText(value.stack ?? '') };
  }
  if (depth >= DEPTH_MAX) return '(deep)';
  if (value instanceof Map) return clean(name, Object.fromEntries(value), depth);
  if (value instanceof Set) return clean(name, [...value], depth);
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS_MAX).map((item) => clean(name, item, depth + 1));
    return value.length > ITEMS_MAX ? [...items, `(${value.length - ITEMS_MAX} more)`] : items;
  }
  return cleanRecord(value, depth);
}

function cleanRecord(record: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(record).slice(0, ITEMS_MAX);
  return Object.fromEntries(
    entries.map(([name, value]) => [cleanText(name), clean(name, value, depth + 1)]),
  );
}

/** Invariant 1 for one text. Escapes control, format, line and paragraph characters. */
export function cleanText(text: string): string {
  const shown = text
    .slice(0, 4 * TEXT_LENGTH_MAX)
    .replace(TOKEN, '(token)')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
      const known = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[character];
      return known ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    });
  return shown.length > TEXT_LENGTH_MAX ? `${shown.slice(0, TEXT_LENGTH_MAX - 1)}…` : shown;
}
