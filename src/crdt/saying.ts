/**
 * Rule: saying — which statements an author makes for a batch of edits, and which it carries into
 * its next generation.
 *
 * 1. A new statement is stamped above what was seen (`hlc.ts` says how far), always above what is
 *    said at its path, by whomever: else a word that does not count yet would be in force once its
 *    author is an operator.
 * 2. It names what it replaces: what was in force, so only what was said by who counts there. A
 *    node may say anything, also of what it replaced itself.
 * 3. What is carried keeps its stamp, because stamps decide between authors. Only stamps that
 *    nobody with a right clock would take yet, made before our clock stepped back, are made anew.
 */
import type { Crypto } from '../ports.ts';
import type { Chain } from './chain.ts';
import { type Winner, winnerAmong } from './chains.ts';
import type { Edit } from './entry.ts';
import {
  hashKey,
  hlcOf,
  isLasting,
  isPath,
  isShared,
  pathHashOf,
  type Statement,
  statementHash,
  tombstoneOf,
} from './entry-bytes.ts';
import { compareHlc, type Hlc, isAhead, maxHlc, nextHlc } from './hlc.ts';
import type { MemberId } from './ids.ts';
import type { Meter } from './meter.ts';
import { isSameData } from './same-data.ts';
import { isOperatorPath } from './voices.ts';

/** What a batch is said against. */
export interface Occasion {
  /** The author's own chain. */
  readonly own: Chain;
  /** The last word at a shared path; `among`: of these alone. */
  readonly winner: (path: string, among?: ReadonlySet<MemberId>) => Winner | null;
  /** Whose word counts at the paths of operators. Asked only where another's is the last. */
  readonly operators: () => ReadonlySet<MemberId>;
  /** The stamp to go above: our own, and others' as far as they are followed. */
  readonly latest: Hlc;
  /** This host's clock, ms since the epoch. */
  readonly wallMs: number;
}

/** Times to make a statement, and to find its path's hash. Unit: ms, as measured. */
const STATEMENT_MS = 0.01;
const HASH_MS = 0.004;

/** Statements for edits. Throws for a path that is none: the writer is a rule, not a person. */
export function* statementsOf(
  crypto: Crypto,
  edits: readonly Edit[],
  occasion: Occasion,
  meter: Meter,
): Generator<void, readonly Statement[]> {
  const byPath = new Map(edits.map((edit) => [edit.path, edit]));
  const statements: Statement[] = [];
  let hlc = occasion.latest;
  for (const { path, value } of byPath.values()) {
    if (!isPath(path)) throw new TypeError(`${path}: is no path`);
    const winner = isShared(path)
      ? occasion.winner(path)
      : winnerAmong(crypto, [occasion.own], path);
    if (isMoot(winner, { path, value }, occasion.own)) continue;
    if (winner !== null) hlc = maxHlc(hlc, winner.hlc);
    hlc = nextHlc(hlc, occasion.wallMs);
    const replaced = replacedBy(crypto, path, winner, occasion);
    const replaces = replaced && statementHash(crypto, replaced.statement);
    statements.push({ kind: 'entry', entry: { path, value, hlc, replaces } });
    if (meter.isDue(STATEMENT_MS)) yield;
  }
  return statements;
}

/** Places, rising, of the live contents that statements take the place of. */
export function* placesOf(
  crypto: Crypto,
  own: Chain,
  statements: readonly Statement[],
  meter: Meter,
): Generator<void, readonly number[]> {
  const { byPath, byHash } = own.holdings();
  const places: number[] = [];
  for (const statement of statements) {
    if (meter.isDue(HASH_MS)) yield;
    if (statement.kind !== 'entry') continue;
    const { path } = statement.entry;
    for (const held of [byPath.get(path), byHash.get(hashKey(pathHashOf(crypto, path)))]) {
      if (held !== undefined) places.push(own.placeOf(held.clock));
    }
  }
  return places.sort((a, b) => a - b);
}

/** What the next generation holds of this one, by stamp. `horizon`: highest stamp of all others. */
export const carriedStatements = (
  crypto: Crypto,
  own: Chain,
  { horizon, wallMs }: { readonly horizon: Hlc; readonly wallMs: number },
): readonly Statement[] => {
  const { byPath, byHash } = own.holdings();
  const carried = [...byPath.values(), ...byHash.values()]
    .flatMap(({ statement }) => carriedForm(crypto, statement) ?? [])
    .sort((a, b) => compareHlc(hlcOf(a), hlcOf(b)));
  let latest = horizon;
  return carried.map((statement) => {
    const isGood = !isAhead(hlcOf(statement), Math.max(wallMs, horizon[0]));
    const hlc = isGood ? hlcOf(statement) : nextHlc(latest, wallMs);
    latest = maxHlc(latest, hlc);
    return isGood ? statement : restamped(statement, hlc);
  });
};

/** What an author says at paths whose deletions outlive generations. */
export const lastingOf = (own: Chain): readonly Statement[] =>
  [...own.holdings().byPath.values()]
    .map(({ statement }) => statement)
    .filter((statement) => statement.kind === 'entry' && isLasting(statement.entry.path));

/**
 * What is carried, and of `salvage` what is later or about other paths. A deletion is later than
 * what it deleted, so nothing that was deleted comes back.
 */
export const withSalvage = (
  crypto: Crypto,
  carried: readonly Statement[],
  salvage: readonly Statement[],
): readonly Statement[] => {
  const byHash = new Map(carried.map((each) => [hashKey(pathHashIn(crypto, each)), each]));
  for (const said of salvage) {
    const each = carriedForm(crypto, said);
    if (each === null) continue;
    const key = hashKey(pathHashIn(crypto, each));
    const known = byHash.get(key);
    if (known === undefined || compareHlc(hlcOf(known), hlcOf(each)) < 0) byHash.set(key, each);
  }
  return [...byHash.values()].sort((a, b) => compareHlc(hlcOf(a), hlcOf(b)));
};

/** What of the carried statements is not overwritten by what is newly said. */
export function* withoutOverwritten(
  crypto: Crypto,
  carried: readonly Statement[],
  said: readonly Statement[],
  meter: Meter,
): Generator<void, readonly Statement[]> {
  if (carried.length === 0 || said.length === 0) return carried;
  const overwritten = new Set<string>();
  for (const statement of said) {
    overwritten.add(hashKey(pathHashIn(crypto, statement)));
    if (meter.isDue(HASH_MS)) yield;
  }
  const left: Statement[] = [];
  for (const statement of carried) {
    if (!overwritten.has(hashKey(pathHashIn(crypto, statement)))) left.push(statement);
    if (meter.isDue(HASH_MS)) yield;
  }
  return left;
}

/** Highest stamp among statements and `least`. */
export const latestStamp = (statements: readonly Statement[], least: Hlc): Hlc =>
  statements.reduce((latest, statement) => maxHlc(latest, hlcOf(statement)), least);

/** What of all that is said at a path was in force, so that a statement takes its place. */
const replacedBy = (
  crypto: Crypto,
  path: string,
  last: Winner | null,
  { own, winner, operators }: Occasion,
): Winner | null => {
  // What does not last is in no audit, and no conflict: there the last word will do.
  if (last === null || last.author === own.author || !isLasting(path)) return last;
  if (!isOperatorPath(path)) return winnerAmong(crypto, [own], path);
  return operators().has(last.author) ? last : winner(path, operators());
};

/** Whether an edit says what is said already, and by us: another's word may be voided. */
const isMoot = (winner: Winner | null, { value }: Edit, own: Chain): boolean => {
  if (winner === null) return value === null;
  return winner.author === own.author && isSameData(winner.value, value);
};

const carriedForm = (crypto: Crypto, statement: Statement): Statement | null => {
  if (statement.kind === 'tombstone' || statement.entry.value !== null) return statement;
  const { path, hlc } = statement.entry;
  if (!isLasting(path)) return null;
  return { kind: 'tombstone', tombstone: tombstoneOf(pathHashOf(crypto, path), hlc) };
};

const pathHashIn = (crypto: Crypto, statement: Statement): Uint8Array =>
  statement.kind === 'entry'
    ? pathHashOf(crypto, statement.entry.path)
    : statement.tombstone.pathHash;

const restamped = (statement: Statement, hlc: Hlc): Statement =>
  statement.kind === 'entry'
    ? { kind: 'entry', entry: { ...statement.entry, hlc } }
    : { kind: 'tombstone', tombstone: { ...statement.tombstone, hlc } };
