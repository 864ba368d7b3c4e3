/**
 * Rule: nft read table — what `nft -j list table` says, as one record.
 *
 * Output that cannot be read is a problem, never a guess.
 */
import { openMemo } from '../../crdt/memo.ts';
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { HostResult } from '../../ports.ts';
import type { Count } from '../service.ts';
import { flagsIn, inOneForm, keyInOneForm, typesIn } from './forms.ts';
import { listed, PAUSE, parsePart, textsOf } from './listing.ts';
import type {
  ObservedChain,
  ObservedElement,
  ObservedRule,
  ObservedSet,
  ObservedTable,
} from './observed.ts';
import { keyText } from './tables.ts';
import { sorted, wordsIn, wordsOf } from './words.ts';

/** What `nft` writes to standard error when there is no such table. */
const NO_TABLE = /No such file or directory/;

/** Whether a listing says that there is no table. */
export const isNoTable = ({ status, stderr }: HostResult): boolean =>
  status !== 0 && NO_TABLE.test(stderr);

/** What nft complains of. */
export const complaint = ({ status, stderr }: HostResult): string => {
  const said = stderr.trim().split('\n')[0] ?? '';
  return said === '' ? `exit status ${status}` : said;
};

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** The table of a listing, or null for what is none. The same object for the same listing. */
export const readTable = (result: HostResult): ObservedTable | null =>
  finish(readInPieces(result, UNMETERED));

/** The same, in pieces. */
export function* readInPieces(
  result: HostResult,
  meter: Meter,
): Generator<void, ObservedTable | null> {
  const { stdout } = result;
  const known = tables.get(result) ?? lastRead.find(({ text }) => text === stdout)?.table;
  const table = known === undefined ? yield* tableIn(result, meter) : known;
  tables.set(result, table);
  if (known === undefined && stdout.length <= TEXT_LENGTH_MAX) {
    lastRead.unshift({ text: stdout, table });
    lastRead.splice(TEXTS_MAX);
  }
  return table;
}

const tables = new WeakMap<HostResult, ObservedTable | null>();

/** Listings of which the table is remembered, and the longest of them. Unit: characters. */
const TEXTS_MAX = 16;
const TEXT_LENGTH_MAX = 65_536;
const lastRead: { readonly text: string; readonly table: ObservedTable | null }[] = [];

/** Time to read an object of a listing, most of which are rules. Unit: ms, as measured. */
const OBJECT_MS = 0.015;

function* tableIn({ stdout }: HostResult, meter: Meter): Generator<void, ObservedTable | null> {
  const chains = new Map<string, { words: string; rules: ObservedRule[] }>();
  const sets = new Map<string, ObservedSet>();
  const counters = new Map<string, Count>();
  for (const part of partsIn(stdout, meter)) {
    if (part === PAUSE) {
      yield;
      continue;
    }
    if (part === null) return null;
    const { chain, rule, set, counter } = part;
    if (chain !== undefined) chains.set(chain.name, { words: chain.words, rules: [] });
    if (rule !== undefined) chains.get(rule.chain)?.rules.push(rule.read);
    if (set !== undefined) sets.set(set.name, set.read);
    if (counter !== undefined) counters.set(counter.name, counter.read);
  }
  return { chains: chains satisfies ReadonlyMap<string, ObservedChain>, sets, counters };
}

type Pause = typeof PAUSE;

/** An object of a table, as it was read. */
interface Part {
  readonly chain?: { readonly name: string; readonly words: string };
  readonly rule?: { readonly chain: string; readonly read: ObservedRule };
  readonly set?: { readonly name: string; readonly read: ObservedSet };
  readonly counter?: { readonly name: string; readonly read: Count };
}

/** All of a listing; null where it is none. Of a short one only what is new is read. */
function* partsIn(text: string, meter: Meter): Generator<Part | Pause | null, void> {
  if (text.length > TEXT_LENGTH_MAX) return yield* eachPart(listed(text, meter), meter);
  for (const one of textsOf(text, meter)) {
    if (typeof one !== 'string') yield one;
    else if (one.length > PART_LENGTH_MAX) yield* eachPart(parsePart(one) ?? [null], meter);
    else {
      yield parts(one, () => partOf(one));
      // As long where it is known: whoever reads the same pauses at the same places.
      if (meter.isDue(OBJECT_MS)) yield PAUSE;
    }
  }
}

/** Texts of objects that are remembered, and the longest of them. Unit: characters. */
const PARTS_MAX = 2_048;
const PART_LENGTH_MAX = 2_048;
/** A slice of a string keeps the whole of it in memory; that of a joined one is its own. */
const parts = openMemo<Part | null>(PARTS_MAX, (text) => ` ${text}`.slice(1));

const partOf = (text: string): Part | null => {
  const [object = null] = parsePart(text) ?? [];
  return object === null ? null : finish(readPart(object, UNMETERED));
};

function* eachPart(objects: Iterable<unknown>, meter: Meter): Generator<Part | Pause | null, void> {
  for (const object of objects) {
    yield object === PAUSE || object === null ? object : yield* readPart(object, meter);
    if (meter.isDue(OBJECT_MS)) yield PAUSE;
  }
}

function* readPart(object: unknown, meter: Meter): Generator<Pause, Part> {
  const { chain, rule, set, map, counter } = isObject(object) ? object : {};
  if (isObject(chain)) return { chain: { name: String(chain.name), words: hookWords(chain) } };
  if (isObject(rule)) return { rule: { chain: String(rule.chain), read: readRule(rule) } };
  if (isObject(counter)) {
    return { counter: { name: String(counter.name), read: countsOf(counter) } };
  }
  const kind = isObject(set) ? 'set' : 'map';
  const body = isObject(set) ? set : map;
  if (!isObject(body)) return {};
  return { set: { name: String(body.name), read: yield* readSet(kind, body, meter) } };
}

/** What makes a base chain, as both sides say it. */
export const hookWords = ({ type, hook, prio, policy }: Json): string =>
  hook === undefined ? '' : wordsOf({ type, hook, prio, policy });

/** The words of a rule, its comment included. */
export const ruleWords = ({ comment, expr }: Json): string => {
  const words = comment === undefined ? ['expr'] : ['comment', JSON.stringify(comment), 'expr'];
  for (const each of inOneForm(expr, comment)) words.push(...wordsIn(each));
  return sorted(words);
};

const readRule = (rule: Json): ObservedRule => {
  const counter = Array.isArray(rule.expr)
    ? rule.expr.filter(isObject).find((each) => isObject(each.counter))?.counter
    : undefined;
  return {
    words: ruleWords(rule),
    comment: typeof rule.comment === 'string' ? rule.comment : null,
    ...countsOf(counter),
  };
};

const countsOf = (counter: unknown): Count => {
  const { packets, bytes } = isObject(counter) ? counter : {};
  return { packets: Number(packets ?? 0), bytes: Number(bytes ?? 0) };
};

/** What makes a set, as both sides say it. */
export const setWords = ({ type, map, flags, stmt }: Json): string =>
  wordsOf({ type, map: typesIn(map), flags: flagsIn(flags), stmt: stmt ?? [] });

/** Time to read an element. Unit: ms, as measured. */
const ELEMENT_MS = 0.004;

function* readSet(kind: 'set' | 'map', set: Json, meter: Meter): Generator<Pause, ObservedSet> {
  const elements = new Map<string, ObservedElement>();
  for (const raw of Array.isArray(set.elem) ? set.elem : []) {
    const element = readElement(kind, raw);
    elements.set(keyText(element.key), element);
    if (meter.isDue(ELEMENT_MS)) yield PAUSE;
  }
  return { kind, words: setWords(set), elements };
}

const readElement = (kind: 'set' | 'map', raw: unknown): ObservedElement => {
  const [first, verdict] = kind === 'map' && Array.isArray(raw) ? raw : [raw, null];
  const elem = isObject(first) && isObject(first.elem) ? first.elem : { val: first };
  const time = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    key: keyInOneForm(elem.val),
    words: verdict === null ? '' : wordsOf(verdict),
    ...(verdict === null ? {} : { data: verdict }),
    ...countsOf('counter' in elem ? elem.counter : undefined),
    timeout: time('timeout' in elem ? elem.timeout : null),
    expires: time('expires' in elem ? elem.expires : null),
  };
};
