/**
 * Rule: statements — one author's sub-document as the projection uses it: by kind and key, each one
 * checked by itself.
 *
 * 1. Whatever can be said of a statement without knowing who else says what is said here: schema,
 *    key, prefix, signatures.
 * 2. What does not hold is set aside with its reason, and an older statement of the author at that
 *    path stays.
 * 3. Unknown paths are left alone: they belong to other services, or to a later version.
 */
import type * as z from 'zod/mini';
import type { Crypto } from '../ports.ts';
import { addressAt, hostCount } from './addresses.ts';
import { type Checked, checkedOf, hashOfPath } from './checking.ts';
import type { AuthorState, Entry, Tombstone } from './entry.ts';
import type { Genesis } from './genesis.ts';
import { compareHlc, type Hlc } from './hlc.ts';
import { type MemberId, type MeshId, memberIdOf } from './ids.ts';
import { type Memo, openMemo } from './memo.ts';
import type { Meter } from './meter.ts';
import type { FactKind, IntentPlace, PathMeaning, ProposalKind, TrustKind } from './paths.ts';
import type { PATH_SCHEMAS } from './schemas.table.ts';
import type { Verdicts } from './verdicts.ts';
import type { Intent, MeshInfo } from './view.ts';

export type Kind = FactKind | TrustKind | ProposalKind;
export type RecordOf<K extends Kind> = z.infer<(typeof PATH_SCHEMAS)[K]>;

/** Where a statement stands among those of all authors about one path: by stamp, then by author. */
export interface Order {
  readonly hlc: Hlc;
  readonly author: MemberId;
}

/** A statement whose record fits its path. */
export interface Statement<K extends Kind> extends Order {
  readonly path: string;
  readonly record: RecordOf<K>;
}

/** A statement that does not hold, and why. */
export interface Flaw {
  readonly kind: Kind | 'intent';
  readonly path: string;
  readonly author: MemberId;
  readonly why: string;
}

type Said = { readonly [K in Kind]: ReadonlyMap<string, Statement<K>> };

/** Everything that one author says and that holds by itself. */
export interface Testimony {
  readonly author: MemberId;
  /** By kind, then by the key of the path (empty for own facts). */
  readonly said: Said;
  /** Objects of services, the last at each path. They count from operators only. */
  readonly wanted: readonly Intent[];
  readonly flaws: readonly Flaw[];
  /** When the author deleted a path, or null when it did not. */
  readonly deletedAt: (path: string) => Hlc | null;
  /** It signed two frames for one place, and is frozen before it. */
  readonly isForked: boolean;
}

/** What all checks of one mesh need: crypto, the mesh, and memories of what was computed before. */
export interface Ground {
  readonly crypto: Crypto;
  readonly genesis: Genesis;
  readonly meshId: MeshId;
  /** What views show of it: the same object in all, so that what follows from it can be kept. */
  readonly mesh: MeshInfo;
  readonly founder: MemberId;
  /** Network and broadcast address of the overlay: nobody's. */
  readonly edges4: ReadonlySet<string>;
  /** Why join requests do not hold. */
  readonly verdicts: Verdicts;
  /** sha256 of a path in hex, by path. */
  readonly pathMemo: Memo<string>;
  /** What was found out about entries, for as long as their author's document has them. */
  readonly checked: WeakMap<Entry, Checked>;
  /** Objects of services as one author alone wrote them, by the entry. */
  readonly intents: WeakMap<Entry, Intent>;
  /** Carried deletions by hash, by the list of them. */
  readonly carried: WeakMap<readonly Tombstone[], ReadonlyMap<string, Hlc>>;
  /** IPv6 address of a member, by id. */
  readonly ipv6Memo: Memo<string>;
}

/**
 * Answers kept in each memory. Unit: count. 8 meshes of the largest size aimed at (8,192), under 20
 * MB.
 */
const MEMO_MAX = 65_536;

/** The ground of a mesh, with empty memories. */
export const openGround = (
  crypto: Crypto,
  genesis: Genesis,
  meshId: MeshId,
  verdicts: Verdicts,
): Ground => ({
  crypto,
  genesis,
  meshId,
  mesh: { id: meshId, name: genesis.name, prefix: genesis.prefix, prefix6: genesis.prefix6 },
  founder: memberIdOf(genesis.founderKey),
  edges4: new Set([
    addressAt(genesis.prefix, 0),
    addressAt(genesis.prefix, hostCount(genesis.prefix) + 1),
  ]),
  verdicts,
  pathMemo: openMemo(MEMO_MAX),
  ipv6Memo: openMemo(MEMO_MAX),
  checked: new WeakMap(),
  intents: new WeakMap(),
  carried: new WeakMap(),
});

/** Negative when `a` loses against `b` at their path, positive when it wins. */
export const compareOrder = (a: Order, b: Order): number =>
  compareHlc(a.hlc, b.hlc) || compareText(a.author, b.author);

/** Order of ids and other plain texts. Not by locale, which differs between hosts. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Times to take one entry that was checked, and one deletion. Unit: ms, as measured. */
const ENTRY_MS = 0.002;
const DELETION_MS = 0.0005;

/** Reads one author's sub-document in pieces. Total: whatever the author wrote. */
export function* readTestimony(
  ground: Ground,
  state: AuthorState,
  meter: Meter,
): Generator<void, Testimony> {
  const said = emptySaid();
  const flaws: Flaw[] = [];
  const deletedAt = yield* deletionsOf(ground, state, meter);
  const wanted: Intent[] = [];
  const { author } = state;
  for (const entry of state.entries) {
    if (meter.isDue(ENTRY_MS)) yield;
    if (entry.value === null) continue;
    const deleted = deletedAt(entry.path);
    if (deleted !== null && compareHlc(entry.hlc, deleted) <= 0) continue;
    const checked = checkedOf(ground, entry);
    if (checked.kind === 'wanted') wanted.push(intentOf(ground, state, entry, checked.place));
    else if (checked.kind === 'said') take(said, author, { entry, ...checked });
    else if (checked.kind === 'flaw') {
      flaws.push({ kind: checked.of, path: entry.path, author, why: checked.why });
    }
  }
  return { author, said, wanted, flaws, deletedAt, isForked: state.isForked === true };
}

const intentOf = (
  { intents }: Ground,
  { author }: AuthorState,
  entry: Entry,
  place: IntentPlace,
): Intent => {
  const known = intents.get(entry);
  if (known !== undefined) return known;
  const { path, value, hlc } = entry;
  const intent = { path, ...place, value, author, hlc, older: [] };
  intents.set(entry, intent);
  return intent;
};

/** The statement in force for each key, among authors whose statements of this kind count. */
export function winnersOf<K extends Kind>(
  kind: K,
  testimonies: readonly Testimony[],
): ReadonlyMap<string, Statement<K>> {
  const [alone, second] = testimonies;
  // What it deleted itself is no part of its testimony.
  if (alone !== undefined && second === undefined) return alone.said[kind];
  const winners = new Map<string, Statement<K>>();
  for (const { said } of testimonies) {
    for (const [key, statement] of said[kind]) {
      const other = winners.get(key);
      if (other === undefined || compareOrder(statement, other) > 0) winners.set(key, statement);
    }
  }
  for (const { author, deletedAt } of testimonies) {
    for (const [key, statement] of winners) {
      const hlc = deletedAt(statement.path);
      if (hlc !== null && compareOrder({ hlc, author }, statement) > 0) winners.delete(key);
    }
  }
  return winners;
}

type MutableSaid = { readonly [K in Kind]: Map<string, Statement<K>> };

const emptySaid = (): MutableSaid => ({
  endpoints: new Map(),
  consent: new Map(),
  version: new Map(),
  ipv4: new Map(),
  left: new Map(),
  drain: new Map(),
  core: new Map(),
  absent: new Map(),
  invite: new Map(),
  admission: new Map(),
  adopt: new Map(),
  evict: new Map(),
  role: new Map(),
  name: new Map(),
  label: new Map(),
  root: new Map(),
});

/**
 * When the author deleted each path: by an empty entry, or by a tombstone of an earlier generation.
 */
function* deletionsOf(
  ground: Ground,
  state: AuthorState,
  meter: Meter,
): Generator<void, Testimony['deletedAt']> {
  const byPath = new Map<string, Hlc>();
  for (const { path, value, hlc } of state.entries) {
    if (value === null) raise(byPath, path, hlc);
  }
  const byHash = yield* carriedIn(ground, state.tombstones, meter);
  return (path) => {
    const empty = byPath.get(path) ?? null;
    const carried = byHash.size === 0 ? null : (byHash.get(hashOfPath(ground, path)) ?? null);
    if (empty === null || carried === null) return empty ?? carried;
    return compareHlc(empty, carried) > 0 ? empty : carried;
  };
}

/** Carried deletions by hash. There may be many, and they seldom change. */
function* carriedIn(
  ground: Ground,
  tombstones: readonly Tombstone[],
  meter: Meter,
): Generator<void, ReadonlyMap<string, Hlc>> {
  const known = ground.carried.get(tombstones);
  if (known !== undefined) return known;
  const byHash = new Map<string, Hlc>();
  for (const { key, hlc } of tombstones) {
    raise(byHash, key, hlc);
    if (meter.isDue(DELETION_MS)) yield;
  }
  ground.carried.set(tombstones, byHash);
  return byHash;
}

const raise = (deletions: Map<string, Hlc>, key: string, hlc: Hlc): void => {
  const known = deletions.get(key);
  if (known === undefined || compareHlc(known, hlc) < 0) deletions.set(key, hlc);
};

/** Takes one checked entry into `said`. An older one at its path is no flaw. */
const take = <K extends Kind>(
  said: { readonly [Each in K]: Map<string, Statement<Each>> },
  author: MemberId,
  {
    meaning,
    record,
    entry,
  }: {
    readonly meaning: PathMeaning & { kind: K };
    readonly record: RecordOf<Kind>;
    readonly entry: Entry;
  },
): void => {
  const { kind, key } = meaning;
  const older = said[kind].get(key);
  if (older !== undefined && compareHlc(entry.hlc, older.hlc) <= 0) return;
  const { path, hlc } = entry;
  said[kind].set(key, { path, author, hlc, record: record as RecordOf<K> });
};
