/**
 * Edge: nft command — the part of nftables that the product uses, on a simulated kernel: tables
 * with chains, rules, sets and maps, whose elements may have a time. No packet of the simulator is
 * changed by them.
 */
import type { HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import { type Kernel, tellTableMonitors } from './kernel.ts';

type Json = Readonly<Record<string, unknown>>;
type Change = Readonly<
  Record<'add' | 'delete' | 'flush', Readonly<Record<string, Json>> | undefined>
>;

/** Runs `nft`; `words` are its arguments. */
export function runNft(kernel: Kernel, words: readonly string[], stdin: string): HostResult {
  const text = words.join(' ');
  if (text === '-j list chains') {
    const all = [...kernel.tables.values()].flat().filter((object) => 'chain' in object);
    return done(JSON.stringify({ nftables: all }));
  }
  const [, table] = /(?:^-j list|^delete) table (\S+ \S+)$/.exec(text) ?? [];
  if (table !== undefined) {
    const objects = kernel.tables.get(table);
    if (objects === undefined) return failed(1, 'Error: No such file or directory');
    if (words.includes('list')) return done(listing(kernel, objects));
    kernel.tables.delete(table);
    tellTableMonitors(kernel, table);
    return done();
  }
  if (text === '-f -') {
    kernel.nftText = stdin;
    return done();
  }
  // It can all that there is.
  if (text === '--check -j -f -') return transact(kernel, stdin).result;
  if (text === '-j -f -') {
    const { result, tables, changed } = transact(kernel, stdin);
    if (result.status !== 0) return result;
    kernel.tables.clear();
    for (const [id, objects] of tables) kernel.tables.set(id, objects);
    for (const id of changed) tellTableMonitors(kernel, id);
    return result;
  }
  throw unknownCommand(['nft', ...words]);
}

/** A table as `nft` lists it. Written once: objects are not changed, but for times that run. */
function listing(kernel: Kernel, objects: readonly object[]): string {
  const known = listings.get(objects);
  if (known !== undefined) return known;
  const text = JSON.stringify({ nftables: listed(kernel, objects) });
  if (!objects.some(isTimed)) listings.set(objects, text);
  return text;
}

const listings = new WeakMap<readonly object[], string>();

const isTimed = (object: object): boolean =>
  Object.values(object as Readonly<Record<string, { readonly elem?: readonly Element[] }>>).some(
    ({ elem = [] }) => elem.some(({ timeout }) => timeout !== null),
  );

/** What becomes of a transaction: all of it or nothing. */
interface Outcome {
  readonly result: HostResult;
  /** As they are after it; the kernel's own are as they were. */
  readonly tables: Tables;
  readonly changed: readonly string[];
}
type Tables = Map<string, object[]>;

function transact(kernel: Kernel, stdin: string): Outcome {
  const { nftables } = JSON.parse(stdin) as { readonly nftables: readonly Change[] };
  const tables: Tables = new Map([...kernel.tables].map(([id, objects]) => [id, [...objects]]));
  const changed: string[] = [];
  for (const change of nftables) {
    const id = apply({ tables, nowMs: kernel.nowMs }, change);
    if (id === null) return { result: failed(1, NOT_THERE), tables, changed };
    changed.push(id);
  }
  return { result: done(), tables, changed };
}

const NOT_THERE = 'Error: Could not process rule: No such file or directory';

/** Handles come from the kernel; they are here so that nobody relies on there being none. */
const listed = (kernel: Kernel, objects: readonly object[]): readonly object[] => [
  { metainfo: { version: '1.0.6', json_schema_version: 1 } },
  ...objects.map((object, index) =>
    Object.fromEntries(
      Object.entries(object).map(([kind, body]) => [
        kind,
        { ...body, ...(body.elem === undefined ? {} : elements(kernel, body)), handle: index + 1 },
      ]),
    ),
  ),
];

/** An element as it is kept: `sinceMs` where it has a time. */
interface Element {
  readonly key: unknown;
  readonly verdict: unknown;
  readonly timeout: number | null;
  readonly endMs: number;
}

const elements = (
  kernel: Kernel,
  body: { readonly elem: readonly Element[]; readonly stmt?: unknown },
) => ({
  elem: body.elem
    .filter(({ endMs }) => endMs > kernel.nowMs())
    .map(({ key, verdict, timeout, endMs }) => {
      const expires = Math.floor((endMs - kernel.nowMs()) / 1_000);
      const time = timeout === null ? {} : { timeout, expires };
      const counter = body.stmt === undefined ? {} : { counter: { packets: 0, bytes: 0 } };
      const more = { ...counter, ...time };
      const val = Object.keys(more).length === 0 ? key : { elem: { val: key, ...more } };
      return verdict === undefined ? val : [val, verdict];
    }),
});

const elementOf = (kernel: Pick<Kernel, 'nowMs'>, isMap: boolean, raw: unknown): Element => {
  const [first, verdict] = isMap ? (raw as readonly [unknown, unknown]) : [raw, undefined];
  const { elem } = Object(first) as { readonly elem?: Json };
  const timeout = elem?.timeout === undefined ? null : Number(elem.timeout);
  const left = Number(elem?.expires ?? timeout ?? Number.POSITIVE_INFINITY);
  return {
    ...{ key: elem?.val ?? first, verdict, timeout },
    endMs: kernel.nowMs() + left * 1_000,
  };
};

type State = Pick<Kernel, 'tables' | 'nowMs'>;

/** Makes one change; gives the table that it is of, or null where what it is about is not there. */
function apply(state: State, change: Change): string | null {
  const { add, delete: removed, flush } = change;
  const [kind = '', body] = Object.entries(add ?? removed ?? flush ?? {})[0] ?? [];
  const verb = add === undefined ? (removed === undefined ? 'flush' : 'delete') : 'add';
  if (body === undefined || !KNOWN[verb].includes(kind)) {
    throw unknownCommand(['nft', JSON.stringify(change)]);
  }
  const id = `${String(body.family)} ${String(kind === 'table' ? body.name : body.table)}`;
  const objects = state.tables.get(id);
  if (kind === 'table' && verb === 'add') {
    state.tables.set(id, objects ?? [{ table: body }]);
    return id;
  }
  if (objects === undefined) return null;
  if (kind === 'table') {
    state.tables.delete(id);
    return id;
  }
  const changed =
    kind === 'element'
      ? changeElements(state, objects, body, verb === 'add')
      : changeIn(objects, kind, body, verb);
  if (changed === null) return null;
  state.tables.set(id, changed);
  return id;
}

/** What the product does with nft's objects. */
const KNOWN: Readonly<Record<'add' | 'delete' | 'flush', readonly string[]>> = {
  add: ['table', 'chain', 'rule', 'set', 'map', 'counter', 'element'],
  delete: ['table', 'chain', 'set', 'map', 'counter', 'element'],
  flush: ['chain'],
};

type Body = Json & { readonly elem?: readonly unknown[] };

const isNamed = (object: object, kinds: readonly string[], name: unknown): boolean =>
  kinds.some((kind) => (object as Record<string, Json | undefined>)[kind]?.name === name);

/** The table's objects after a change of one of them, or null where that is not there. */
const changeIn = (
  objects: object[],
  kind: string,
  body: Body,
  verb: 'add' | 'delete' | 'flush',
): object[] | null => {
  if (verb === 'flush') {
    if (!objects.some((each) => isNamed(each, ['chain'], body.name))) return null;
    return objects.filter((each) => (each as { rule?: Json }).rule?.chain !== body.name);
  }
  if (verb === 'delete') {
    const left = objects.filter((each) => !isNamed(each, [kind], body.name));
    return left.length < objects.length ? left : null;
  }
  const isPlaced = kind !== 'rule' || objects.some((each) => isNamed(each, ['chain'], body.chain));
  if (!isPlaced) return null;
  const start = kind === 'set' || kind === 'map' ? { elem: [] } : {};
  objects.push({ [kind]: { ...body, ...start } });
  return objects;
};

const changeElements = (
  kernel: State,
  objects: readonly object[],
  { name, elem = [] }: Body,
  isAdded: boolean,
): object[] | null => {
  const there = objects.find((each) => isNamed(each, ['set', 'map'], name));
  if (there === undefined) return null;
  const [[kind, body] = ['', { elem: [] }]] = Object.entries(there) as [
    string,
    { elem: readonly Element[] },
  ][];
  const changed = elem.map((raw) => elementOf(kernel, kind === 'map', raw));
  const keys = new Set(changed.map(({ key }) => JSON.stringify(key)));
  const kept = body.elem.filter(
    ({ key, endMs }) => !keys.has(JSON.stringify(key)) && endMs > kernel.nowMs(),
  );
  const known = new Set(body.elem.map(({ key }) => JSON.stringify(key)));
  if (!isAdded && [...keys].some((key) => !known.has(key))) return null;
  const next = { [kind]: { ...body, elem: isAdded ? [...kept, ...changed] : kept } };
  return objects.map((each) => (each === there ? next : each));
};
