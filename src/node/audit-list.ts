/**
 * Loop: audit list — the changes of the kept window, told piece by piece.
 *
 * 1. What is as long as it may be says hundreds of thousands of changes. All of it is shown once to
 *    learn what is wanted and where it stands; then what that says is read again, so many at a
 *    time: nobody holds all of it at once.
 * 2. What is left out is told.
 */
import { base64url } from '@scure/base';
import { changesIn, isFrameSigned } from '../crdt/change.ts';
import type { Hlc } from '../crdt/hlc.ts';
import type { MemberId } from '../crdt/ids.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import type { Clock, Crypto } from '../ports.ts';
import { breathe } from './agent-look.ts';
import { type Audit, changesOf } from './audit.ts';
import { inPieces } from './pieces.ts';
import {
  type AuditFilter,
  type AuditScene,
  type Chosen,
  type Entry,
  type ListedChange,
  type Listing,
  openListing,
  openNames,
  type Place,
  type ToldChange,
  tellChange,
} from './rules/audit-answer.ts';
import { isVoidIn, type Judge, openJudge } from './rules/audit-tier.ts';

/** A line of the answer. Some say nothing, but that there will be more. */
export interface AuditLine {
  readonly changes: readonly ListedChange[];
  /** Only the last line has it: without it the list is not whole. */
  readonly end?: AuditEnd;
}

/** What is to be told at the end. */
interface AuditEnd {
  /** Changes that were asked for and are left out: `countMax`, or they went meanwhile. */
  readonly older: number;
  /** Stretches of the whole log that were damaged, whatever was asked for. */
  readonly damaged: number;
}

/** Longest time without a line. Unit: ms. */
const QUIET_MS_MAX = 1_000;
/** Times to note or tell a change, and to check a signature. Unit: ms, as measured. */
const [NOTE_MS, TELL_MS, CHECK_MS] = [0.002, 0.01, 0.1];
/** What is read again at a time. Unit: changes, and bytes. */
const [CHANGES_MAX, BYTES_MAX] = [1_000, 1024 * 1024];
/** The same in a line. */
const [LINE_CHANGES_MAX, LINE_BYTES_MAX] = [200, 256 * 1024];

interface ListPorts {
  readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'>;
  readonly crypto: Crypto;
}

/** What is listed: from where, for whom. */
interface Desk {
  readonly ports: ListPorts;
  readonly audit: Pick<Audit, 'pages'>;
  readonly withFrames: boolean;
  readonly meter: Meter;
  readonly nameOf: (id: MemberId) => string;
  readonly judge: Judge;
}

/** The changes that a filter lets through, in the order in which they were said. */
export async function* listAudit(
  ports: ListPorts,
  audit: Pick<Audit, 'pages'>,
  scene: AuditScene,
  filter: AuditFilter,
): AsyncGenerator<AuditLine> {
  const meter = openMeter(ports.clock.monotonicMs);
  const listing = openListing(filter);
  const { withFrames } = filter;
  const seen = { nameOf: openNames(scene.view), judge: openJudge(scene.view) };
  const desk = { ports, audit, withFrames, meter, ...seen };
  const damaged = yield* gather(desk, listing);
  const chosen = await inPieces(ports.clock, listing.settle(scene, meter));
  const { entries, older } = chosen;
  let told = 0;
  for (const some of inShares(entries, CHANGES_MAX, BYTES_MAX)) {
    const read = yield* readAgain(desk, chosen, some);
    const length = ({ bytes, at }: Entry): number => (withFrames ? at.bytes : bytes);
    for (const few of inShares(some, LINE_CHANGES_MAX, LINE_BYTES_MAX, length)) {
      const changes = few.flatMap((entry) => listedOf(desk, chosen, read, entry));
      told += changes.length;
      await breathe(ports.clock, meter.isDue(changes.length * TELL_MS));
      yield { changes };
    }
  }
  yield { changes: [], end: { older: older + entries.length - told, damaged } };
}

/** Shows the listing all that is kept; gives how many stretches of it do not read. */
async function* gather(
  { ports, audit, meter }: Desk,
  listing: Listing,
): AsyncGenerator<AuditLine, number> {
  const latest = new Map<MemberId, Hlc>();
  const isDue = openPulse(ports.clock);
  let sum = 0;
  for await (const { file, frames, damaged } of audit.pages()) {
    sum += damaged;
    for await (const { index, changes } of changesOf(ports, frames, latest, meter)) {
      const [first] = changes;
      const bytes = frames[index]?.length ?? 0;
      if (first !== undefined) listing.note(changes, { author: first.author, file, index, bytes });
      await breathe(ports.clock, meter.isDue(changes.length * NOTE_MS));
    }
    if (isDue()) yield { changes: [] };
  }
  return sum;
}

/** What these and those before them say, by `keyOf`. */
async function* readAgain(
  desk: Desk,
  chosen: Pick<Chosen, 'beforeOf'>,
  entries: readonly Entry[],
): AsyncGenerator<AuditLine, ReadonlyMap<string, ToldChange>> {
  const { ports, audit, withFrames, meter, judge } = desk;
  const { keys, wanted } = whereabouts(chosen, entries);
  const isDue = openPulse(ports.clock);
  const read = new Map<string, ToldChange>();
  for await (const { tier, file, frames } of audit.pages(new Set(wanted.keys()))) {
    for (const index of wanted.get(file) ?? []) {
      const frame = frames[index];
      if (frame === undefined) continue;
      const changes = await inPieces(
        ports.clock,
        changesIn(ports.crypto, frame, () => null, meter),
      );
      await breathe(ports.clock, meter.isDue(CHECK_MS));
      const isSigned = isFrameSigned(ports.crypto, frame);
      const text = withFrames ? base64url.encode(frame) : null;
      for (const change of changes) {
        const key = keyOf(change.name, change.author);
        if (!keys.has(key) || read.has(key)) continue;
        const isVoid = isVoidIn(tier, change, judge);
        read.set(key, tellChange(change, { isSigned, isVoid }, text));
        await breathe(ports.clock, meter.isDue(TELL_MS));
      }
      if (isDue()) yield { changes: [] };
    }
  }
  return read;
}

/** Keys of these and of what they replace, and which frames of which files say them. */
function whereabouts({ beforeOf }: Pick<Chosen, 'beforeOf'>, entries: readonly Entry[]) {
  const keys = new Set<string>();
  const wanted = new Map<string, Set<number>>();
  const add = (name: string, at: Place | undefined): void => {
    if (at === undefined) return;
    keys.add(keyOf(name, at.author));
    const indices = wanted.get(at.file) ?? new Set();
    wanted.set(at.file, indices.add(at.index));
  };
  for (const entry of entries) {
    add(entry.name, entry.at);
    if (entry.replaces !== null) add(entry.replaces, beforeOf(entry));
  }
  return { keys, wanted };
}

/** A statement is told apart by its author, too: two may say the same, byte for byte. */
const keyOf = (name: string, author: MemberId): string => `${author} ${name}`;

/** A change whole; nothing when its file went meanwhile. */
function listedOf(
  { nameOf }: Desk,
  { beforeOf }: Pick<Chosen, 'beforeOf'>,
  read: ReadonlyMap<string, ToldChange>,
  entry: Entry,
): readonly ListedChange[] {
  const { name, replaces, at } = entry;
  const told = read.get(keyOf(name, at.author));
  if (told === undefined) return [];
  const place = beforeOf(entry);
  const before =
    replaces === null || place === undefined ? undefined : read.get(keyOf(replaces, place.author));
  const isBeforeKnown = replaces === null || before !== undefined;
  return [{ ...told, author: nameOf(at.author), isBeforeKnown, before: before?.after ?? null }];
}

/** The same in shares of at most so many and so long, one at least. */
function* inShares(
  entries: readonly Entry[],
  countMax: number,
  bytesMax: number,
  lengthOf = ({ bytes }: Entry): number => bytes,
): Generator<readonly Entry[]> {
  for (let start = 0; start < entries.length; ) {
    let [end, bytes] = [start, 0];
    for (; end < entries.length && end - start < countMax && bytes < bytesMax; end += 1) {
      const entry = entries[end];
      if (entry !== undefined) bytes += lengthOf(entry);
    }
    yield entries.slice(start, end);
    start = end;
  }
}

/** Whether it is time to say that somebody is still at work. */
function openPulse(clock: Pick<Clock, 'monotonicMs'>): () => boolean {
  let sinceMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - sinceMs < QUIET_MS_MAX) return false;
    sinceMs = clock.monotonicMs();
    return true;
  };
}
