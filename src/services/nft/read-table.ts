/**
 * Rule: nft read table — what `nft -j list table` says, as one record.
 *
 * Output that cannot be read is a problem, never a guess.
 */
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { HostResult } from '../../ports.ts';
import type { Count } from '../service.ts';
import { flagsIn, inOneForm, keyInOneForm, typesIn } from './forms.ts';
import { listed, PAUSE } from './listing.ts';
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

function* tableIn(result: HostResult, meter: Meter): Generator<void, ObservedTable | null> {
  const chains = new Map<string, { words: string; rules: ObservedRule[] }>();
  const sets = new Map<string, ObservedSet>();
  const counters = new Map<string, Count>();
  for (const object of listed(result.stdout, meter)) {
    if (object === PAUSE) {
      yield;
      continue;
    }
    if (object === null) return null;
    const { chain, rule, set, map, counter } = isObject(object) ? object : {};
    if (isObject(chain)) chains.set(String(chain.name), { words: hookWords(chain), rules: [] });
    if (isObject(rule)) chains.get(String(rule.chain))?.rules.push(readRule(rule));
    if (isObject(set)) sets.set(String(set.name), yield* readSet('set', set, meter));
    if (isObject(map)) sets.set(String(map.name), yield* readSet('map', map, meter));
    if (isObject(counter)) counters.set(String(counter.name), countsOf(counter));
    if (meter.isDue(OBJECT_MS)) yield;
  }
  return { chains: chains satisfies ReadonlyMap<string, ObservedChain>, sets, counters };
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

function* readSet(kind: 'set' | 'map', set: Json, meter: Meter): Generator<void, ObservedSet> {
  const elements = new Map<string, ObservedElement>();
  for (const raw of Array.isArray(set.elem) ? set.elem : []) {
    const element = readElement(kind, raw);
    elements.set(keyText(element.key), element);
    if (meter.isDue(ELEMENT_MS)) yield;
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
