/**
 * Rule: firewall foreign rules — rules of another program, as nft lists them, read once into what
 * they ask for and what they do.
 *
 * 1. What is not known here is `unknown` where it only asks for something, and `unsure` where it
 *    may decide as well, as a verdict map does.
 * 2. Left out is whatever changes nothing of what is certain: rules that decide nothing, that take
 *    nothing new, and that drop for a reason that cannot be read.
 */
import type { Meter } from '../../crdt/meter.ts';
import { type Ask, asksOf, type Json } from './foreign-asks.ts';
import { merged, type Range } from './foreign-ranges.ts';

/** What a rule does with what it takes. `unsure`: that cannot be told, it may accept. */
export type Act =
  | { readonly kind: 'drop' | 'accept' | 'return' | 'unsure' }
  | { readonly kind: 'jump' | 'goto'; readonly target: string };

export interface ForeignRule {
  readonly asks: readonly Ask[];
  readonly act: Act;
}

/** A chain. `open`: of its rules, those that count for a connection with anybody. */
export interface ForeignChain {
  readonly rules: readonly ForeignRule[];
  readonly open: readonly ForeignRule[];
}

/** The rules of a table, by chain. */
export type ForeignTable = ReadonlyMap<string, ForeignChain>;

/** Reads the rules of one table, given by chain. In pieces. */
export function* readForeign(
  listed: ReadonlyMap<string, readonly Json[]>,
  meter: Meter,
): Generator<void, ForeignTable> {
  const table = new Map<string, ForeignChain>();
  for (const [name, rules] of listed) table.set(name, yield* chainOf(rules, meter));
  return table;
}

/** Time to read a rule, and to lay one to others. Unit: ms, as measured. */
const RULE_MS = 0.015;
const RUN_MS = 0.003;

function* chainOf(listed: readonly Json[], meter: Meter): Generator<void, ForeignChain> {
  const read: ForeignRule[] = [];
  for (const rule of listed) {
    read.push(...readRule(rule));
    if (meter.isDue(RULE_MS)) yield;
  }
  const rules = yield* inRuns(read, meter);
  const isOpen = ({ asks, act }: ForeignRule) =>
    act.kind !== 'drop' || asks.every(({ kind }) => kind !== 'address');
  return { rules, open: rules.filter(isOpen) };
}

/**
 * Drops that differ in their address only, as fail2ban makes by the thousand, become one. Among
 * drops the order is nothing.
 */
function* inRuns(
  rules: readonly ForeignRule[],
  meter: Meter,
): Generator<void, readonly ForeignRule[]> {
  const found: (ForeignRule | Run)[] = [];
  let runs = new Map<string, Run>();
  for (const rule of rules) {
    if (meter.isDue(RUN_MS)) yield;
    if (rule.act.kind !== 'drop') runs = new Map();
    const key = rule.act.kind === 'drop' ? runKey(rule) : null;
    const run = key === null ? undefined : runs.get(key);
    if (run !== undefined) run.ranges.push(...rangesOf(rule));
    if (key === null) found.push(rule);
    if (key === null || run !== undefined) continue;
    const begun = { rule, ranges: [...rangesOf(rule)] };
    found.push(begun);
    runs.set(key, begun);
  }
  return found.map((each) => ('act' in each ? each : ofRun(each)));
}

interface Run {
  readonly rule: ForeignRule;
  readonly ranges: Range[];
}

/** All that a rule asks for but its address, or null where it asks for none, or for more. */
const runKey = ({ asks }: ForeignRule): string | null => {
  const [address, ...more] = asks.filter(isAddress);
  if (address === undefined || more.length > 0 || address.isNot || !address.isWhole) return null;
  const rest =
    asks.length === 1
      ? ''
      : JSON.stringify(
          asks.filter((ask) => ask !== address),
          plain,
        );
  return `${address.family} ${address.field} ${rest}`;
};

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

const isAddress = (ask: Ask): ask is Extract<Ask, { readonly kind: 'address' }> =>
  ask.kind === 'address';

const rangesOf = ({ asks }: ForeignRule): readonly Range[] =>
  asks.filter(isAddress).flatMap(({ ranges }) => ranges);

const ofRun = ({ rule, ranges }: Run): ForeignRule => ({
  ...rule,
  asks: rule.asks.map((ask) => (isAddress(ask) ? { ...ask, ranges: merged(ranges) } : ask)),
});

const readRule = (rule: Json): readonly ForeignRule[] => {
  const statements = statementsOf(rule);
  const verdict = statements.flatMap(verdictIn).at(0) ?? null;
  const isKnown = (each: Json) => isPlain(each) || 'match' in each || isCondition(each, verdict);
  const act: Act | null = statements.every(isKnown) ? verdict : { kind: 'unsure' };
  if (act === null || isOfOld(statements, act)) return [];
  const asks: Ask[] = [];
  for (const each of statements) {
    const found = 'match' in each ? asksOf(Object(each.match)) : isPlain(each) ? [] : UNKNOWN;
    if (found === null) return [];
    asks.push(...found);
  }
  return act.kind === 'drop' && asks.some(({ kind }) => kind === 'unknown') ? [] : [{ asks, act }];
};

const UNKNOWN: readonly Ask[] = [{ kind: 'unknown' }];

/** The statements of a rule. */
export const statementsOf = ({ expr }: Json): readonly Json[] =>
  Array.isArray(expr) ? expr.filter((each) => typeof each === 'object' && each !== null) : [];

/** The chain to which a statement leads, if any. */
export const targetOf = (statement: Json): readonly string[] =>
  [statement.jump, statement.goto].flatMap((verdict) => {
    const { target } = Object(verdict) as { readonly target?: unknown };
    return typeof target === 'string' ? [target] : [];
  });

const verdictIn = (statement: Json): readonly Act[] => {
  if ('drop' in statement || 'reject' in statement) return [{ kind: 'drop' }];
  if ('accept' in statement) return [{ kind: 'accept' }];
  if ('return' in statement) return [{ kind: 'return' }];
  const kind = 'goto' in statement ? 'goto' : 'jump';
  return targetOf(statement).map((target) => ({ kind, target }));
};

/** Statements that ask for nothing. */
const PLAIN = ['counter', 'log', 'comment', 'drop', 'reject', 'accept', 'return', 'jump', 'goto'];

const isPlain = (statement: Json): boolean =>
  Object.keys(statement).every((key) => PLAIN.includes(key));

/** Statements that may end a rule before its verdict, or change a mark, but decide nothing. */
const CONDITIONS = ['limit', 'quota', 'ct count', 'set', 'mangle', 'last', 'unknown'];

/** Targets of iptables that decide nothing, of those that nft has no words for. */
const DECIDE_NOTHING = ['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'CT', 'TCPMSS', 'CHECKSUM', 'AUDIT'];

const isCondition = (statement: Json, verdict: Act | null): boolean => {
  const { type, name } = Object(statement.xt) as { readonly type?: unknown; name?: unknown };
  if (!('xt' in statement)) return CONDITIONS.some((key) => key in statement);
  if (type === 'target') return DECIDE_NOTHING.includes(String(name));
  return type === 'match' || verdict !== null;
};

/** What iptables lists without saying what it asks for, and which takes nothing that is new. */
const OF_OLD = ['conntrack', 'state', 'rpfilter'];

/** With anything beside, as a port, it lets new ones in. */
const isOfOld = (statements: readonly Json[], { kind }: Act): boolean =>
  kind === 'accept' &&
  statements.some(({ xt }) => OF_OLD.includes(String(Object(xt).name))) &&
  !statements.some((each) => 'match' in each);
