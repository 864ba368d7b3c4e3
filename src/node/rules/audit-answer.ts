/**
 * Rule: audit answer — kept changes as the local API tells them: who, when, where, before, after.
 *
 * What stood before is told of by the word of who has the role or had it (`voices.ts`), and of the
 * author itself: a node may say anything, also the same as an operator.
 */
import { hex } from '@scure/base';
import type { Fate, Hanging } from '../../crdt/adoption.ts';
import type { Change } from '../../crdt/change.ts';
import type { Claim, Conflict } from '../../crdt/conflicts.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { compareHlc } from '../../crdt/hlc.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import { openVoices } from '../../crdt/voices.ts';

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
  /** Whether it counts for nothing: its author had no right to it, and has none now. */
  readonly isVoid: boolean;
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

/** Where a frame stands in the log, whose it is, and its length. */
export interface Place {
  readonly author: MemberId;
  readonly file: string;
  readonly index: number;
  readonly bytes: number;
}

/** A change that is wanted, without what it says. */
export interface Entry extends Pick<Change, 'hlc' | 'name' | 'replaces'> {
  readonly at: Place;
  /** What it takes of the frame, near enough. Unit: bytes. */
  readonly bytes: number;
}

/** What is known while it is told. */
export interface AuditScene {
  readonly view: View;
  readonly founder: MemberId;
  /** Paths of which an author speaks now. */
  readonly spokenOf: (author: MemberId) => readonly string[];
}

/** What a filter lets through, gathered while all that is kept is shown once. */
export interface Listing {
  /** Changes of one frame. */
  note(changes: readonly Change[], at: Place): void;
  /** The wanted ones in the order in which they were said. In pieces. */
  settle(scene: AuditScene, meter: Meter): Generator<void, Chosen>;
}

/** What is to be listed. `older`: as many of what was wanted are left out. */
export interface Chosen {
  readonly entries: readonly Entry[];
  readonly older: number;
  /** Where what an entry replaces is said by one who is believed about that. */
  beforeOf(entry: Entry): Place | undefined;
}

/** So many are put in order at once. */
const RUN = 1_000;
/** Time to put one in order, each time. Unit: ms, as measured. */
const MERGE_MS = 0.0002;

/** Opens it. It remembers names and places: hundreds of thousands take some 50 MB. */
export function openListing({ sinceMs, path, author, countMax }: AuditFilter): Listing {
  const places = openPlaces();
  const voices = openVoices();
  const runs: Entry[][] = [];
  let fresh: Entry[] = [];
  const isWanted = (change: Change): boolean =>
    (sinceMs === null || change.hlc[0] >= sinceMs) &&
    (path === null || change.path.startsWith(path)) &&
    (author === null || change.author === author);
  const endRun = (): void => {
    if (fresh.length > 0) runs.push(fresh.sort(compareEntries));
    fresh = [];
  };
  return {
    note: (changes, at) => {
      const bytes = at.bytes / changes.length;
      for (const change of changes) {
        const { name, hlc, replaces } = change;
        if (!places.note(name, at)) continue;
        voices.note(change);
        if (isWanted(change)) fresh.push({ hlc, name, replaces, at, bytes });
        if (fresh.length >= RUN) endRun();
      }
    },
    *settle({ view, founder, spokenOf }, meter) {
      endRun();
      const all = yield* merge(runs, meter);
      const older = Math.max(0, all.length - countMax);
      const roots = [founder, ...view.operators.map(({ member }) => member)];
      const believed = voices.all(roots, spokenOf);
      return {
        entries: older === 0 ? all : all.slice(older),
        older,
        beforeOf: ({ replaces, at: { author: by } }) =>
          replaces === null
            ? undefined
            : places.find(replaces, (who) => who === by || believed.has(who)),
      };
    },
  };
}

/** Where statements stand, by name and author: two may say the same, byte for byte. */
const openPlaces = () => {
  // Few are said by several, and there may be hundreds of thousands.
  const places = new Map<string, Place | readonly Place[]>();
  const allOf = (name: string): readonly Place[] => [places.get(name) ?? []].flat();
  return {
    /** False where its author's statement was noted before. */
    note: (name: string, at: Place): boolean => {
      const known = places.get(name);
      if (known === undefined) {
        places.set(name, at);
        return true;
      }
      const all = allOf(name);
      if (all.some(({ author }) => author === at.author)) return false;
      places.set(name, [...all, at]);
      return true;
    },
    /** Where the first of those who are meant says it. */
    find: (name: string, isMeant: (author: MemberId) => boolean): Place | undefined =>
      allOf(name).find(({ author }) => isMeant(author)),
  };
};

const compareEntries = (a: Entry, b: Entry): number =>
  compareHlc(a.hlc, b.hlc) || (a.at.author < b.at.author ? -1 : Number(a.at.author > b.at.author));

/** One list of several that are in order. */
function* merge(runs: readonly (readonly Entry[])[], meter: Meter): Generator<void, Entry[]> {
  let lists = runs.map((run) => [...run]);
  while (lists.length > 1) {
    const longer: Entry[][] = [];
    for (let at = 0; at < lists.length; at += 2) {
      longer.push(yield* mergeTwo(lists[at] ?? [], lists[at + 1] ?? [], meter));
    }
    lists = longer;
  }
  return lists[0] ?? [];
}

function* mergeTwo(
  left: readonly Entry[],
  right: readonly Entry[],
  meter: Meter,
): Generator<void, Entry[]> {
  const merged: Entry[] = [];
  for (let [a, b] = [0, 0]; ; ) {
    const [first, second] = [left[a], right[b]];
    if (first !== undefined && (second === undefined || compareEntries(first, second) <= 0)) {
      merged.push(first);
      a += 1;
    } else if (second !== undefined) {
      merged.push(second);
      b += 1;
    } else return merged;
    if (meter.isDue(MERGE_MS)) yield;
  }
}

/** A change as told, but for what it needs others for. */
export type ToldChange = Omit<ListedChange, 'author' | 'isBeforeKnown' | 'before'>;

/** What a change says. `frame`: in base64url, where that is asked for. */
export const tellChange = (
  change: Change,
  { isSigned, isVoid }: Pick<ListedChange, 'isSigned' | 'isVoid'>,
  frame: string | null,
): ToldChange => ({
  time: timeOf(change.hlc[0]),
  authorId: change.author,
  path: change.path,
  after: plainValue(change.value),
  generation: change.generation,
  sequence: change.sequence,
  frameHash: hex.encode(change.frameHash),
  signature: hex.encode(change.signature),
  ...(frame === null ? {} : { frame }),
  isSigned,
  isVoid,
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

/** What members are called. */
export const openNames = ({ members }: View): ((id: MemberId) => string) => {
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
