/**
 * Rule: same data — whether two values hold the same: records, lists, bytes and plain values.
 *
 * Nothing is made of them, and what both share is not looked into, so of two views that follow each
 * other only what is new costs.
 */
import { isSameBytes } from './codec.ts';

/** Whether they hold the same. A field that is undefined counts as one that is not there. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && isSameBytes(a, b);
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && isSameList(a, b);
  }
  return isSameRecord(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

const isSameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => isSameData(item, b[index]));

/** By lists of names: machine code of `for … in` holds for one kind of record, and is made anew. */
function isSameRecord(a: Fields, b: Fields): boolean {
  for (const name of Object.keys(a)) if (!isSameData(a[name], b[name])) return false;
  for (const name of Object.keys(b)) {
    if (b[name] !== undefined && a[name] === undefined) return false;
  }
  return true;
}
