/**
 * Rule: nft tables — what a simulated kernel makes of a transaction of nftables: all of it, or
 * nothing where a part cannot be.
 *
 * What is told in JSON and in nft's own language is the same here (`nft-text.ts`).
 */
import { type Element, elementOf, isAlive, isSameData, type Put } from './nft-elements.ts';
import { refersTo, TIMES, targetsOf } from './nft-references.ts';
import type { Change } from './nft-text.ts';

type Json = Readonly<Record<string, unknown>>;
type Verb = 'add' | 'delete' | 'flush';

/** By family and name: what they consist of, in the order in which it came. */
export type Tables = Map<string, object[]>;

/** What becomes of a transaction. */
export interface Outcome {
  /** What nft says where it cannot be; null: nothing is wrong. */
  readonly error: string | null;
  /** As they are after it; those that were given are as they were. */
  readonly tables: Tables;
  readonly changed: readonly string[];
}

interface State {
  readonly tables: Tables;
  readonly nowMs: number;
}

const NOT_THERE = 'No such file or directory';
const IN_USE = 'Device or resource busy';
const OTHER_THERE = 'File exists';

/** Makes the changes, one after the other. Throws at one that the product does not make. */
export function transact(before: Tables, nowMs: number, changes: readonly Change[]): Outcome {
  const tables: Tables = new Map([...before].map(([id, objects]) => [id, [...objects]]));
  const changed: string[] = [];
  for (const change of changes) {
    const made = apply({ tables, nowMs }, change);
    if ('error' in made) {
      return { error: `Error: Could not process rule: ${made.error}`, tables, changed };
    }
    changed.push(made.id);
  }
  return { error: null, tables, changed };
}

type Made = { readonly id: string } | { readonly error: string };

function apply(state: State, change: Change): Made {
  const { add, delete: removed, flush } = change;
  const [kind = '', body] = Object.entries(add ?? removed ?? flush ?? {})[0] ?? [];
  const verb = add === undefined ? (removed === undefined ? 'flush' : 'delete') : 'add';
  if (body === undefined || !KNOWN[verb].includes(kind)) {
    throw new Error(`the simulated nft does not know this: ${JSON.stringify(change)}`);
  }
  const id = `${String(body.family)} ${String(kind === 'table' ? body.name : body.table)}`;
  const objects = state.tables.get(id);
  if (kind === 'table' && verb === 'add') {
    state.tables.set(id, objects ?? [{ table: body }]);
    return { id };
  }
  if (objects === undefined) return { error: NOT_THERE };
  if (kind === 'table') {
    state.tables.delete(id);
    return { id };
  }
  const next =
    kind === 'element'
      ? changeElements(state, objects, body, verb === 'add')
      : CHANGES[verb](objects, kind, body);
  if (typeof next === 'string') return { error: next };
  state.tables.set(id, next);
  return { id };
}

/** What the product does with nft's objects. */
const KNOWN: Readonly<Record<Verb, readonly string[]>> = {
  add: ['table', 'chain', 'rule', 'set', 'map', 'counter', 'ct timeout', 'element'],
  delete: ['table', 'chain', 'set', 'map', 'counter', 'element'],
  flush: ['chain'],
};

type Body = Json & { readonly elem?: readonly unknown[] };

const isNamed = (object: object, kinds: readonly string[], name: unknown): boolean =>
  kinds.some((kind) => (object as Record<string, Json | undefined>)[kind]?.name === name);

const isThere = (objects: readonly object[], kinds: readonly string[], name: unknown): boolean =>
  objects.some((each) => isNamed(each, kinds, name));

/** The table's objects after a change of one of them, or what is wrong with it. */
type ChangeObjects = (objects: object[], kind: string, body: Body) => object[] | string;

const CHANGES: Readonly<Record<Verb, ChangeObjects>> = {
  add: (objects, kind, body) => {
    if (kind === 'rule') return addRule(objects, body);
    // What is there already stays as it is.
    if (isThere(objects, [kind], body.name)) return objects;
    const start = kind === 'set' || kind === 'map' ? { elem: [] } : {};
    objects.push({ [kind]: { ...body, ...start } });
    return objects;
  },
  delete: (objects, kind, { name }) => {
    if (!isThere(objects, [kind], name)) return NOT_THERE;
    // A chain takes its rules along; only what leads to it from elsewhere keeps it.
    const isOurs = (each: object): boolean => kind === 'chain' && ruleChain(each) === name;
    const left = objects.filter((each) => !isNamed(each, [kind], name) && !isOurs(each));
    const word = kind === 'chain' ? String(name) : `@${String(name)}`;
    return kind !== 'counter' && left.some((each) => refersTo(each, word)) ? IN_USE : left;
  },
  flush: (objects, _, { name }) =>
    isThere(objects, ['chain'], name)
      ? objects.filter((each) => ruleChain(each) !== name)
      : NOT_THERE,
};

const ruleChain = (object: object): unknown => (object as { readonly rule?: Json }).rule?.chain;

const addRule = (objects: object[], body: Body): object[] | string => {
  if (!isThere(objects, ['chain'], body.chain)) return NOT_THERE;
  if (!targetsOf(body).every((target) => isTarget(objects, target))) return NOT_THERE;
  objects.push({ rule: body });
  return objects;
};

/** A chain by its name, a set by its name behind an @, or times. */
const isTarget = (objects: readonly object[], target: string): boolean => {
  if (target.startsWith('@')) return isThere(objects, ['set', 'map'], target.slice(1));
  return target.startsWith(TIMES)
    ? isThere(objects, ['ct timeout'], target.slice(TIMES.length))
    : isThere(objects, ['chain'], target);
};

const changeElements = (
  { nowMs }: State,
  objects: object[],
  { name, elem = [] }: Body,
  isAdded: boolean,
): object[] | string => {
  const at = objects.findIndex((each) => isNamed(each, ['set', 'map'], name));
  const there = objects[at];
  if (there === undefined) return NOT_THERE;
  const [[kind, body] = ['', { elem: [] }]] = Object.entries(there) as [
    string,
    { elem: readonly Element[] },
  ][];
  const changed = elem.map((raw) => elementOf(nowMs, kind === 'map', raw));
  const alive = body.elem.filter((each) => isAlive(each, nowMs));
  const known = new Map(alive.map((each) => [each.text, each]));
  if (isAdded) {
    for (const each of changed) {
      const old = known.get(each.text);
      if (old !== undefined && !isSameData(old, each)) return OTHER_THERE;
      if (!targetsOf(each).every((target) => isTarget(objects, target))) return NOT_THERE;
    }
  } else if (changed.some(({ text }) => !known.has(text))) return NOT_THERE;
  const texts = new Set(changed.map(({ text }) => text));
  const kept = alive.filter(({ text }) => !texts.has(text));
  const next = { [kind]: { ...body, elem: isAdded ? [...kept, ...changed] : kept } };
  return objects.with(at, next);
};

/** What rules put into maps: whom it is there for already stays there, for as long again. */
export function remember(before: readonly object[], puts: readonly Put[], nowMs: number): object[] {
  let objects = [...before];
  for (const { map, element } of puts) {
    const at = objects.findIndex((each) => isNamed(each, ['map'], map));
    const { map: body } = objects[at] as { readonly map: { readonly elem: readonly Element[] } };
    const { key, verdict, timeout } = element;
    const times = timeout === null ? {} : { timeout };
    const fresh = elementOf(nowMs, true, [{ elem: { val: key, ...times } }, verdict]);
    const alive = body.elem.filter((each) => isAlive(each, nowMs));
    const held = alive.find(({ text }) => text === fresh.text);
    const next = held === undefined ? fresh : { ...held, endMs: fresh.endMs };
    const others = alive.filter((each) => each !== held);
    objects = objects.with(at, { map: { ...body, elem: [...others, next] } });
  }
  return objects;
}
