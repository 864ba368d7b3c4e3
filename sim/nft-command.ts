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
    if (words.includes('list')) return done(JSON.stringify({ nftables: listed(kernel, objects) }));
    kernel.tables.delete(table);
    tellTableMonitors(kernel, table);
    return done();
  }
  if (text === '--check -j -f -') return done(); // It can all that there is.
  if (text === '-j -f -') {
    const { nftables } = JSON.parse(stdin) as { readonly nftables: readonly Change[] };
    // What others hold of a table stays as it was.
    for (const [id, objects] of kernel.tables) kernel.tables.set(id, [...objects]);
    for (const change of nftables) if (!apply(kernel, change)) throw unknownCommand(['nft', stdin]);
    return done();
  }
  throw unknownCommand(['nft', ...words]);
}

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

const elementOf = (kernel: Kernel, isMap: boolean, raw: unknown): Element => {
  const [first, verdict] = isMap ? (raw as readonly [unknown, unknown]) : [raw, undefined];
  const { elem } = Object(first) as { readonly elem?: Json };
  const timeout = elem?.timeout === undefined ? null : Number(elem.timeout);
  const left = Number(elem?.expires ?? timeout ?? Number.POSITIVE_INFINITY);
  return {
    ...{ key: elem?.val ?? first, verdict, timeout },
    endMs: kernel.nowMs() + left * 1_000,
  };
};

/** Makes one change; false when the fake does not know it. */
function apply(kernel: Kernel, { add, delete: removed, flush }: Change): boolean {
  const [kind = '', body] = Object.entries(add ?? removed ?? flush ?? {})[0] ?? [];
  if (body === undefined) return false;
  const id = `${String(body.family)} ${String(kind === 'table' ? body.name : body.table)}`;
  const objects = kernel.tables.get(id);
  if (kind === 'table') {
    if (removed !== undefined && objects === undefined) return false;
    if (removed !== undefined) kernel.tables.delete(id);
    else kernel.tables.set(id, objects ?? [{ table: body }]);
  } else {
    if (objects === undefined) return false;
    const verb = add === undefined ? (removed === undefined ? 'flush' : 'delete') : 'add';
    const changed =
      kind === 'element'
        ? changeElements(kernel, objects, body, verb === 'add')
        : changeIn(objects, kind, body, verb);
    if (changed === null) return false;
    kernel.tables.set(id, changed);
  }
  tellTableMonitors(kernel, id);
  return true;
}

type Body = Json & { readonly elem?: readonly unknown[] };

const isNamed = (object: object, kinds: readonly string[], name: unknown): boolean =>
  kinds.some((kind) => (object as Record<string, Json | undefined>)[kind]?.name === name);

/** The table's objects after a change of one of them, or null for one that is not known. */
const changeIn = (
  objects: object[],
  kind: string,
  body: Body,
  verb: 'add' | 'delete' | 'flush',
): object[] | null => {
  if (kind === 'chain' && verb === 'flush') {
    return objects.filter((each) => (each as { rule?: Json }).rule?.chain !== body.name);
  }
  if (verb === 'delete') {
    const left = objects.filter((each) => !isNamed(each, [kind], body.name));
    return left.length < objects.length ? left : null;
  }
  const start = kind === 'set' || kind === 'map' ? { elem: [] } : {};
  objects.push({ [kind]: { ...body, ...start } });
  return objects;
};

const changeElements = (
  kernel: Kernel,
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
  const next = { [kind]: { ...body, elem: isAdded ? [...kept, ...changed] : kept } };
  return objects.map((each) => (each === there ? next : each));
};
