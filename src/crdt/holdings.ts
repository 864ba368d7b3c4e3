/**
 * Rule: holdings — what a sub-document says, out of its live contents: by path, and counted.
 *
 * 1. At most one statement for a path. If an author broke that, the later one by (hlc, place)
 *    holds.
 * 2. What does not read is counted and listed, and otherwise skipped.
 */
import type { Said } from './content.ts';
import type { AuthorState, Entry, Tombstone } from './entry.ts';
import { hlcOf, isDeletion, type Statement } from './entry-bytes.ts';
import { compareHlc, HLC_ZERO, type Hlc, maxHlc } from './hlc.ts';
import type { MemberId } from './ids.ts';

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

/** A member with the role `node`. DESIGN §3; tombstones: its own, which no generation carries. */
export const NODE_QUOTA: Quota = { keys: 256, tombstones: 1024, bytes: 64 * 1024 };
/** An operator, and the most that anybody takes of anyone. DESIGN §3; FORMATS, "Tombstones". */
export const OPERATOR_QUOTA: Quota = { keys: 16_384, tombstones: 65_536, bytes: 8 * 1024 * 1024 };

/** A statement and its place among the live contents. */
export interface Held {
  readonly statement: Statement;
  readonly place: number;
}

export interface Holdings {
  readonly byPath: ReadonlyMap<string, Held>;
  /** By `hashKey` of the path's hash. */
  readonly byHash: ReadonlyMap<string, Held>;
  /** Contents that do not read, and why. */
  readonly unreadable: readonly { readonly content: Uint8Array; readonly why: string }[];
  readonly tally: Tally;
}

/** What live contents say, in the order of writing. */
export const holdingsOf = (live: readonly Said[], tally: Tally): Holdings => {
  const byPath = new Map<string, Held>();
  const byHash = new Map<string, Held>();
  const unreadable: { readonly content: Uint8Array; readonly why: string }[] = [];
  for (const [place, { read, content }] of live.entries()) {
    if (!read.ok) {
      if (content !== null) unreadable.push({ content, why: read.why });
      continue;
    }
    const held = { statement: read.statement, place };
    if (read.statement.kind === 'entry') keepLater(byPath, read.statement.entry.path, held);
    else keepLater(byHash, read.statement.tombstone.key, held);
  }
  return { byPath, byHash, unreadable, tally };
};

/** Nothing. */
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

/** What the projection is told of an author. */
export const stateOf = (
  author: MemberId,
  holdings: Holdings,
  tombstones: readonly Tombstone[],
): AuthorState => {
  const entries: Entry[] = [];
  // Sorting texts without a function is several times as fast.
  for (const path of [...holdings.byPath.keys()].sort()) {
    const statement = holdings.byPath.get(path)?.statement;
    if (statement?.kind === 'entry') entries.push(statement.entry);
  }
  return { author, entries, tombstones };
};

/** The carried deletions. */
export const tombstonesOf = (holdings: Holdings): readonly Tombstone[] =>
  [...holdings.byHash.values()].flatMap(({ statement }) =>
    statement.kind === 'tombstone' ? [statement.tombstone] : [],
  );

// In the order of places, so that an equal stamp means a later one.
const keepLater = (held: Map<string, Held>, key: string, found: Held): void => {
  const known = held.get(key);
  if (known !== undefined && compareHlc(hlcOf(known.statement), hlcOf(found.statement)) > 0) return;
  held.set(key, found);
};
