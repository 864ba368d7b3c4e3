/**
 * Rule: holdings — what a sub-document says, out of its live contents: by path, and counted.
 *
 * 1. At most one statement for a path. If an author broke that, the later one by (hlc, place)
 *    holds.
 * 2. What does not read is counted and listed, and otherwise skipped.
 */
import type { Said } from './content.ts';
import type { Entry, Tombstone } from './entry.ts';
import { hlcOf, isDeletion, type Statement } from './entry-bytes.ts';
import { compareHlc, HLC_ZERO, type Hlc, maxHlc } from './hlc.ts';
import type { Meter } from './meter.ts';

/** How much an author says. */
export interface Tally {
  /** Live entries, and contents that do not read. */
  readonly keys: number;
  /** Deletions: of this generation by path, of earlier ones by hash. */
  readonly tombstones: number;
  /** All contents together. */
  readonly bytes: number;
}

/** How much an author may say at most. */
export type Quota = Tally;

/** A member with the role `node`. FORMATS, "Quotas"; no generation carries its tombstones. */
export const NODE_QUOTA: Quota = { keys: 256, tombstones: 1024, bytes: 64 * 1024 };
/** An operator, and the most that anybody takes of anyone. FORMATS, "Quotas". */
export const OPERATOR_QUOTA: Quota = { keys: 16_384, tombstones: 65_536, bytes: 8 * 1024 * 1024 };

/** A statement and the clock at which it stands. */
export interface Held {
  readonly statement: Statement;
  readonly clock: number;
}

export interface Holdings {
  readonly byPath: ReadonlyMap<string, Held>;
  /** By `hashKey` of the path's hash. */
  readonly byHash: ReadonlyMap<string, Held>;
  /** Contents that do not read, and why. */
  readonly unreadable: readonly { readonly content: Uint8Array; readonly why: string }[];
  readonly tally: Tally;
  /** Whether any statement is hidden by a later one for its path. Invariant 1. */
  readonly isCrooked: boolean;
}

/** Time to sort in what one statement says. Unit: ms, as measured. */
const HELD_MS = 0.0005;

/** What live contents say, in the order of writing; in pieces. */
export function* gatherHoldings(
  live: readonly Said[],
  tally: Tally,
  meter: Meter,
): Generator<void, Holdings> {
  const maps: Maps = { byPath: new Map(), byHash: new Map() };
  const unreadable: { readonly content: Uint8Array; readonly why: string }[] = [];
  let isCrooked = false;
  for (const said of live) {
    const { read, content } = said;
    if (!read.ok) {
      if (content !== null) unreadable.push({ content, why: read.why });
    } else if (!keepLater(maps, said.clock, read.statement)) isCrooked = true;
    if (meter.isDue(HELD_MS)) yield;
  }
  return { ...maps, unreadable, tally, isCrooked };
}

/**
 * The same after a step, or null when all is to be gathered anew. What was held before is of no use
 * then.
 */
export const holdingsAfter = (
  { byPath, byHash, unreadable, isCrooked }: Holdings,
  {
    added,
    gone,
    tally,
  }: { readonly added: readonly Said[]; readonly gone: readonly Said[] } & {
    readonly tally: Tally;
  },
): Holdings | null => {
  if (isCrooked || ![...added, ...gone].every(({ read }) => read.ok)) return null;
  const maps = { byPath, byHash } as Maps;
  for (const { read, clock } of gone) if (read.ok) forget(maps, clock, read.statement);
  const left = new Set(gone);
  for (const said of added) {
    if (left.has(said) || !said.read.ok) continue;
    if (!keepLater(maps, said.clock, said.read.statement)) return null;
  }
  return { byPath, byHash, unreadable, tally, isCrooked };
};

/** Of an author that says nothing. */
export const NO_TALLY: Tally = { keys: 0, tombstones: 0, bytes: 0 };

/** How much is left of `tally` with these added and those gone. */
export const tallyAfter = (tally: Tally, added: readonly Said[], gone: readonly Said[]): Tally => {
  let { keys, tombstones, bytes } = tally;
  const count = (said: Said, sign: 1 | -1): void => {
    if (said.read.ok && isDeletion(said.read.statement)) tombstones += sign;
    else keys += sign;
    bytes += sign * said.bytes;
  };
  for (const said of added) count(said, 1);
  for (const said of gone) count(said, -1);
  return { keys, tombstones, bytes };
};

/** What is over the quota, in words, or null when nothing is. */
export const overQuota = (tally: Tally, quota: Quota): string | null => {
  for (const what of ['keys', 'tombstones', 'bytes'] as const) {
    if (tally[what] > quota[what]) return `${tally[what]} ${what}, at most ${quota[what]} fit`;
  }
  return null;
};

/** The highest stamp among statements. */
export const latestOf = (said: readonly Said[]): Hlc => {
  let latest = HLC_ZERO;
  for (const { read } of said) if (read.ok) latest = maxHlc(latest, hlcOf(read.statement));
  return latest;
};

/** The entries of an author, sorted by path. */
export const entriesOf = ({ byPath }: Holdings): readonly Entry[] => {
  const entries: Entry[] = [];
  // Sorting texts without a function is several times as fast.
  for (const path of [...byPath.keys()].sort()) {
    const statement = byPath.get(path)?.statement;
    if (statement?.kind === 'entry') entries.push(statement.entry);
  }
  return entries;
};

/** The same after a step that changed what is held at some paths. */
export const entriesAfter = (
  entries: readonly Entry[],
  { byPath }: Holdings,
  paths: Iterable<string>,
): readonly Entry[] => {
  const after = [...entries];
  for (const path of paths) {
    const at = placeOf(after, path);
    after.splice(at, after[at]?.path === path ? 1 : 0, ...entryAt(byPath, path));
  }
  return after;
};

const entryAt = (byPath: Holdings['byPath'], path: string): readonly Entry[] => {
  const statement = byPath.get(path)?.statement;
  return statement?.kind === 'entry' ? [statement.entry] : [];
};

/** How many entries stand before a path. */
const placeOf = (entries: readonly Entry[], path: string): number => {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The carried deletions. */
export const tombstonesOf = (holdings: Holdings): readonly Tombstone[] =>
  [...holdings.byHash.values()].flatMap(({ statement }) =>
    statement.kind === 'tombstone' ? [statement.tombstone] : [],
  );

interface Maps {
  readonly byPath: Map<string, Held>;
  readonly byHash: Map<string, Held>;
}

const slotOf = ({ byPath, byHash }: Maps, statement: Statement) =>
  statement.kind === 'entry'
    ? ([byPath, statement.entry.path] as const)
    : ([byHash, statement.tombstone.key] as const);

/**
 * Keeps the later of two for one path; false when there were two. In the order of writing, so that
 * an equal stamp means a later one.
 */
const keepLater = (maps: Maps, clock: number, statement: Statement): boolean => {
  const [held, key] = slotOf(maps, statement);
  const known = held.get(key);
  const isOlder = known !== undefined && compareHlc(hlcOf(known.statement), hlcOf(statement)) > 0;
  if (!isOlder) held.set(key, { statement, clock });
  return known === undefined;
};

/** Forgets what is held; what came and went with one step never was. */
const forget = (maps: Maps, clock: number, statement: Statement): void => {
  const [held, key] = slotOf(maps, statement);
  if (held.get(key)?.clock === clock) held.delete(key);
};
