/**
 * Rule: nft lookup — whether a value is in a set, and what a map gives for it, as the kernel finds
 * it: exact keys at once, ranges one after the other, and nothing whose time is over.
 */
import { contains } from '../src/crdt/addresses.ts';
import { protocolNumber } from '../src/services/nft/forms.ts';
import { type Element, isAlive } from './nft-elements.ts';

type Json = Readonly<Record<string, unknown>>;

/** Asks the sets and maps of a table. */
export interface Lookup {
  /** What a map, named or written out, gives for a value; undefined: nothing. */
  get(data: unknown, value: unknown): unknown;
  /** Whether a value (undefined: there is none) is what a rule wants of it. */
  matches(op: string, value: unknown, right: unknown): boolean;
}

/** The sets and maps of these objects. */
export const createLookup = (objects: readonly object[], nowMs: number): Lookup => ({
  get: (data, value) => {
    if (typeof data === 'string') return find(setAt(objects, data), value, nowMs)?.verdict;
    const { set } = data as { readonly set: readonly (readonly [unknown, unknown])[] };
    return set.find(([key]) => isWithin(value, key))?.[1];
  },
  matches: (op, value, right) => {
    if (value === undefined) return false;
    if (op === 'in') return (value as readonly unknown[]).includes(right);
    const isIn =
      typeof right === 'string' && right.startsWith('@')
        ? find(setAt(objects, right), value, nowMs) !== undefined
        : isWithin(value, right);
    if (op !== '==' && op !== '!=') throw new Error(`the simulated kernel knows no ${op}`);
    return isIn === (op === '==');
  },
});

interface Index {
  readonly exact: ReadonlyMap<string, Element>;
  readonly ranges: readonly Element[];
}

const indices = new WeakMap<object, Index>();
const places = new WeakMap<readonly object[], ReadonlyMap<string, object>>();

/** The set of a name that stands behind an @. */
function setAt(objects: readonly object[], name: string): Index {
  const byName = places.get(objects) ?? named(objects);
  places.set(objects, byName);
  const body = byName.get(name);
  if (body === undefined) throw new Error(`no set ${name}`);
  const index = indices.get(body) ?? indexOf(body);
  indices.set(body, index);
  return index;
}

const named = (objects: readonly object[]): ReadonlyMap<string, object> =>
  new Map(
    (objects as readonly Readonly<Record<string, Json>>[]).flatMap(({ set, map }) => {
      const body = set ?? map;
      return body === undefined ? [] : [[`@${String(body.name)}`, body] as const];
    }),
  );

const indexOf = (body: object): Index => {
  const { elem } = body as { readonly elem: readonly Element[] };
  const isWide = ({ text }: Element): boolean => /"(?:range|prefix)"/.test(text);
  return {
    exact: new Map(elem.filter((each) => !isWide(each)).map((each) => [each.text, each])),
    ranges: elem.filter(isWide),
  };
};

const find = ({ exact, ranges }: Index, value: unknown, nowMs: number): Element | undefined => {
  const key = Array.isArray(value) ? { concat: value } : value;
  const held = exact.get(JSON.stringify(key)) ?? ranges.find((each) => isWithin(value, each.key));
  return held === undefined || isAlive(held, nowMs) ? held : undefined;
};

/** Whether a value is a key, or in one. */
function isWithin(value: unknown, key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return isAlike(value, key);
  const { concat, range, prefix, set } = key as Readonly<Record<string, readonly unknown[]>> & {
    readonly prefix?: { readonly addr: string; readonly len: number };
  };
  if (concat !== undefined) {
    const parts = Array.isArray(value) ? value : [value];
    return concat.every((part, index) => isWithin(parts[index], part));
  }
  if (range !== undefined) {
    return Number(range[0]) <= Number(value) && Number(value) <= Number(range[1]);
  }
  if (set !== undefined) return set.some((each) => isWithin(value, each));
  if (prefix === undefined) throw new Error(`the simulated kernel knows no ${JSON.stringify(key)}`);
  return contains(`${prefix.addr}/${prefix.len}`, String(value));
}

/** The name of an interface may end with a `*` that stands for all. */
const isAlike = (value: unknown, key: unknown): boolean =>
  typeof key === 'string' && key.endsWith('*')
    ? String(value).startsWith(key.slice(0, -1))
    : value === protocolNumber(key);
