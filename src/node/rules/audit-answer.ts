/**
 * Rule: audit answer — kept changes as the local API tells them: who, when, where, before, after.
 *
 * What stood before is told of by the word of who has the role or had it (`voices.ts`), and of the
 * author itself: a node may say anything, also the same as an operator.
 */
import { base64url, hex } from '@scure/base';
import type { Fate, Hanging } from '../../crdt/adoption.ts';
import { type Change, changesIn } from '../../crdt/change.ts';
import type { Claim, Conflict } from '../../crdt/conflicts.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { compareHlc } from '../../crdt/hlc.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import { openVoices } from '../../crdt/voices.ts';
import type { Crypto } from '../../ports.ts';

/** A value of the state as JSON: bytes as hex. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** A change as it is listed. */
export interface ListedChange {
  /** When its author's clock stamped it, ISO 8601 in UTC. */
  readonly time: string;
  readonly author: string;
  readonly authorId: MemberId;
  readonly path: string;
  /** Whether what was there before is known: it is, unless it is older than the log. */
  readonly isBeforeKnown: boolean;
  readonly before: Plain;
  readonly after: Plain;
  readonly generation: number;
  readonly sequence: number;
  /** sha256 of the frame, its signature and the frame itself: hex, hex, base64url. */
  readonly frameHash: string;
  readonly signature: string;
  readonly frame?: string;
  /** Whether the author's signature over the frame holds. */
  readonly isSigned: boolean;
}

/** Which changes are wanted; null: no limit. */
export interface AuditFilter {
  readonly sinceMs: number | null;
  readonly path: string | null;
  readonly author: MemberId | null;
  /** The latest so many. */
  readonly countMax: number;
  readonly withFrames: boolean;
}

type Kept = Change & { readonly frame: Uint8Array; readonly isSigned: boolean };

/** Time to tell of a change. Unit: ms, as measured. */
const TELL_MS = 0.01;

/** What is known while it is told. */
export interface AuditScene {
  readonly view: View;
  readonly founder: MemberId;
  /** Paths of which an author speaks now. */
  readonly spokenOf: (author: MemberId) => readonly string[];
}

/** What a filter lets through, gathered while all that is kept is shown once. */
export interface Listing {
  note(change: Kept): void;
  /** The changes in the order in which they were said. In pieces. */
  list(crypto: Crypto, scene: AuditScene, meter: Meter): Generator<void, readonly ListedChange[]>;
}

/**
 * Opens it. Of what is not let through only the name is remembered, and the frame that says it:
 * what stood there before is read out of that.
 */
export function openListing(filter: AuditFilter): Listing {
  const { sinceMs, path, author, countMax } = filter;
  const sources = openSources();
  const voices = openVoices();
  let wanted: readonly Kept[] = [];
  let fresh: Kept[] = [];
  const isWanted = (change: Kept): boolean =>
    (sinceMs === null || change.hlc[0] >= sinceMs) &&
    (path === null || change.path.startsWith(path)) &&
    (author === null || change.author === author);
  const settle = (): void => {
    wanted = [...wanted, ...fresh].sort(compareChanges).slice(-countMax);
    fresh = [];
  };
  return {
    note: (change) => {
      if (!sources.note(change)) return;
      voices.note(change);
      if (isWanted(change)) fresh.push(change);
      if (fresh.length >= Math.max(countMax, FRESH_MIN)) settle();
    },
    *list(crypto, { view, founder, spokenOf }, meter) {
      settle();
      const readValue = openValues(crypto, sources.frameOf, meter);
      const nameOf = openNames(view);
      const roots = [founder, ...view.operators.map(({ member }) => member)];
      const believed = voices.all(roots, spokenOf);
      const listed: ListedChange[] = [];
      for (const change of wanted) {
        if (meter.isDue(TELL_MS)) yield;
        const { replaces, author: by } = change;
        const isKnown =
          replaces !== null && sources.isSaid(replaces, (who) => who === by || believed.has(who));
        listed.push({
          ...plainChange(change, filter.withFrames),
          author: nameOf(by),
          isBeforeKnown: replaces === null || isKnown,
          before: plainValue(isKnown ? yield* readValue(replaces) : null),
        });
      }
      return listed;
    },
  };
}

/** So many are put in order at once where few are wanted. */
const FRESH_MIN = 1_000;

/** A frame that says a statement, and who says it: two may say the same, byte for byte. */
interface Source {
  readonly frame: Uint8Array;
  readonly authors: readonly MemberId[];
}

/** The statements of a log, by name. */
const openSources = () => {
  const sources = new Map<string, Source>();
  let last: Source | null = null;
  const sourceOf = ({ name, author, frame }: Kept): Source => {
    const known = sources.get(name);
    if (known !== undefined) return { ...known, authors: [...known.authors, author] };
    // One for all that a frame says: there may be hundreds of thousands.
    if (last?.frame !== frame) last = { frame, authors: [author] };
    return last;
  };
  return {
    /** False where its author's statement was noted before. */
    note: (change: Kept): boolean => {
      if (sources.get(change.name)?.authors.includes(change.author) === true) return false;
      sources.set(change.name, sourceOf(change));
      return true;
    },
    frameOf: (name: string) => sources.get(name)?.frame,
    /** Whether one of those who are meant says it. */
    isSaid: (name: string, isMeant: (author: MemberId) => boolean): boolean =>
      sources.get(name)?.authors.some(isMeant) === true,
  };
};

const compareChanges = (a: Kept, b: Kept): number =>
  compareHlc(a.hlc, b.hlc) || (a.author < b.author ? -1 : 1);

/** What a statement says, by its name; null where it is not known. */
const openValues = (
  crypto: Crypto,
  frameOf: (name: string) => Uint8Array | undefined,
  meter: Meter,
) => {
  const known = new Map<string, Value>();
  return function* readValue(name: string): Generator<void, Value> {
    const frame = frameOf(name);
    if (frame === undefined) return null;
    if (!known.has(name)) {
      for (const change of yield* changesIn(crypto, frame, () => null, meter)) {
        known.set(change.name, change.value);
      }
    }
    return known.get(name) ?? null;
  };
};

const plainChange = (change: Kept, withFrames: boolean) => ({
  time: timeOf(change.hlc[0]),
  authorId: change.author,
  path: change.path,
  after: plainValue(change.value),
  generation: change.generation,
  sequence: change.sequence,
  frameHash: hex.encode(change.frameHash),
  signature: hex.encode(change.signature),
  ...(withFrames ? { frame: base64url.encode(change.frame) } : {}),
  isSigned: change.isSigned,
});

/** What stands at a path, by whom and since when. */
export interface ListedClaim {
  readonly author: string;
  readonly authorId: MemberId;
  readonly time: string;
  readonly value: Plain;
}

/** A conflict as it is listed. */
export interface ListedConflict {
  readonly path: string;
  readonly winner: ListedClaim;
  readonly losers: readonly ListedClaim[];
}

/** Conflicts as the API tells them. */
export const listConflicts = (
  view: View,
  conflicts: readonly Conflict[],
): readonly ListedConflict[] => {
  const nameOf = openNames(view);
  const listed = ({ author, hlc, value }: Claim): ListedClaim => ({
    author: nameOf(author),
    authorId: author,
    time: timeOf(hlc[0]),
    value: plainValue(value),
  });
  return conflicts.map(({ path, winner, losers }) => ({
    path,
    winner: listed(winner),
    losers: losers.map(listed),
  }));
};

/** A statement of an operator that loses the role, and what becomes of it. */
export interface ListedHanging {
  readonly path: string;
  readonly fate: Fate;
  readonly value: Plain;
}

/** What hangs on an operator, as the API tells it. */
export const listHanging = (hanging: readonly Hanging[]): readonly ListedHanging[] =>
  hanging.map(({ path, fate, value }) => ({ path, fate, value: plainValue(value) }));

const openNames = ({ members }: View): ((id: MemberId) => string) => {
  const names = new Map(members.map(({ id, name }) => [id, name] as const));
  return (id) => names.get(id) ?? id.slice(0, 12);
};

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** A value as JSON has it. */
function plainValue(value: Value): Plain {
  if (value instanceof Uint8Array) return hex.encode(value);
  if (Array.isArray(value)) return value.map((item: Value) => plainValue(item));
  if (!isRecord(value)) return value as Plain;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
}
