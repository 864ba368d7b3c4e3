/**
 * Loop: audit — keeps the signed frames of intent and trust, so that it can be told who changed
 * what, and proven.
 *
 * 1. It is bounded, in bytes and in age, and nothing but that removes from it: no generation, no
 *    compaction of the journal.
 * 2. Changes are noted behind their taking: it holds nobody up, and a failing disk loses only
 *    lines of it, which the log says. What a crash kept from it is noted at the next start.
 * 3. The files have the form of the journal, so that damage is found and skipped. One file is
 *    small, so that reading it does not stall others.
 */
import { type Change, changesIn, isFrameSigned } from '../crdt/change.ts';
import { compareHlc, HLC_ZERO, type Hlc, maxHlc, minHlc } from '../crdt/hlc.ts';
import type { MemberId } from '../crdt/ids.ts';
import { decodeInPieces, JOURNAL_HEADER } from '../crdt/journal.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import type { Ports } from '../ports.ts';
import { breathe } from './agent-look.ts';
import { inPieces } from './pieces.ts';
import { recordsOf } from './records.ts';
import type { Replica } from './replica.ts';

/** How much is kept. */
export interface AuditLimits {
  readonly bytesMax: number;
  readonly ageMsMax: number;
}

/** What is kept unless this VM says otherwise: 64 MiB, 90 days. */
export const AUDIT_LIMITS: AuditLimits = {
  bytesMax: 64 * 1024 * 1024,
  ageMsMax: 90 * 24 * 3_600_000,
};

/** Changes of one frame of which each step takes some ms. */
const CHANGES_MANY = 1_000;

/** Longest file. Unit: bytes. Hashing and reading it takes some 20 ms. */
const FILE_BYTES_MAX = 1024 * 1024;
/** Most that an empty log begins with. Unit: bytes. */
const FIRST_BYTES_MAX = 16 * 1024 * 1024;
const PREFIX = 'audit-';
/** Files are numbered with so many digits, so that names sort as they were begun. */
const DIGITS = 10;

/** A change as it is kept, with the frame that says it. */
export interface KeptChange extends Change {
  readonly frame: Uint8Array;
  /** Whether its author's signature holds. */
  readonly isSigned: boolean;
}

/** The log of a running member. */
export interface Audit {
  /** Notes what is new about intent and trust in frames that were taken. */
  note(frames: readonly Uint8Array[]): void;
  /**
   * Shows everything kept, one after the other, as it was noted: what is as long as it may be says
   * hundreds of thousands of changes, which nobody should hold at once.
   */
  each(visit: (change: KeptChange) => void): Promise<void>;
  /** Resolves when everything noted so far is on disk, or given up. */
  flush(): Promise<void>;
}

type AuditPorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** A file, when it was begun on this VM's clock (ms), and its length. */
interface Part {
  readonly name: string;
  readonly sinceMs: number;
  bytes: number;
}

/**
 * Opens the log. An empty one begins with what the replica holds; else what that holds was noted up
 * to the latest stamp in the log, and what a generation says again is older. `onChanges`: told of
 * what is new, frame by frame.
 */
export async function openAudit(
  ports: AuditPorts,
  replica: Pick<Replica, 'heads' | 'latest' | 'framesAfter'>,
  limits: () => AuditLimits,
  onChanges: (changes: readonly Change[]) => void = () => undefined,
): Promise<Audit> {
  const { log } = ports;
  const parts = await findParts(ports);
  // One for all: many short frames are as much as a long one.
  const meter = openMeter(ports.clock.monotonicMs);
  const end = await endOf(ports, parts, meter);
  const held = replica.latest();
  const latest = new Map(
    end === null ? [] : [...held].map(([author, hlc]) => [author, minHlc(hlc, end(author))]),
  );
  let last: Promise<void> = Promise.resolve();
  const noteThose = (frames: readonly Uint8Array[], isNew: (change: Change) => boolean): void => {
    last = last
      .then(async () => {
        const fresh = await newsIn(ports, frames, { latest, meter, isNew, onChanges });
        if (fresh.length > 0) await append(ports, parts, fresh, limits());
      })
      .catch((error: unknown) => log.warn('audit-failed', { why: String(error) }));
  };
  const isNoted = (author: MemberId): boolean =>
    end !== null && compareHlc(held.get(author) ?? HLC_ZERO, end(author)) <= 0;
  const noted = replica.heads().filter(({ author }) => isNoted(author));
  noteThose(
    replica.framesAfter(noted, FIRST_BYTES_MAX),
    ({ author, hlc }) => end === null || compareHlc(hlc, end(author)) > 0,
  );
  return {
    note: (frames) => noteThose(frames, () => true),
    each: async (visit) => {
      await last;
      await visitAll(ports, parts, visit);
    },
    flush: () => last,
  };
}

/**
 * How far the log goes: of those whom its end speaks of their latest stamp there, of others the
 * latest of all. Null: it says nothing.
 */
async function endOf(
  ports: AuditPorts,
  parts: readonly Part[],
  meter: Meter,
): Promise<((author: MemberId) => Hlc) | null> {
  for (const { name } of parts.toReversed()) {
    const latest = new Map<MemberId, Hlc>();
    let highest = HLC_ZERO;
    for await (const { changes } of framesIn(ports, name, latest, meter)) {
      for (const { hlc } of changes) highest = maxHlc(highest, hlc);
    }
    if (latest.size > 0) return (author) => latest.get(author) ?? highest;
  }
  return null;
}

/** What was noted of each author, where reading pauses, what counts, and who is told. */
interface Reading {
  readonly latest: Map<MemberId, Hlc>;
  readonly meter: Meter;
  readonly isNew: (change: Change) => boolean;
  readonly onChanges: (changes: readonly Change[]) => void;
}

/** Those of the frames that change anything of intent or trust; `latest` follows. */
async function newsIn(
  { clock, crypto }: AuditPorts,
  frames: readonly Uint8Array[],
  { latest, meter, isNew, onChanges }: Reading,
): Promise<readonly Uint8Array[]> {
  const news: Uint8Array[] = [];
  for (const frame of frames) {
    const work = changesIn(crypto, frame, (author) => latest.get(author) ?? null, meter);
    const changes = (await inPieces(clock, work)).filter(isNew);
    for (const { author, hlc } of changes) {
      const known = latest.get(author);
      if (known === undefined || compareHlc(known, hlc) < 0) latest.set(author, hlc);
    }
    if (changes.length === 0) continue;
    news.push(frame);
    await breathe(clock, changes.length >= CHANGES_MANY);
    onChanges(changes);
    await breathe(clock, changes.length >= CHANGES_MANY);
  }
  return news;
}

async function findParts({ disk, log }: AuditPorts): Promise<Part[]> {
  const names = (await disk.list()).filter((name) => name.startsWith(PREFIX)).toSorted();
  const parts: Part[] = [];
  for (const name of names) {
    const sinceMs = Number(name.slice(PREFIX.length).split('-')[1]);
    if (Number.isSafeInteger(sinceMs)) parts.push({ name, sinceMs, bytes: FILE_BYTES_MAX });
    else log.warn('audit-odd', { name });
  }
  // Only the last one grows; the others are full, near enough.
  const last = parts.at(-1);
  if (last !== undefined) last.bytes = (await disk.read(last.name))?.length ?? 0;
  return parts;
}

async function append(
  { clock, crypto, disk }: AuditPorts,
  parts: Part[],
  frames: readonly Uint8Array[],
  limits: AuditLimits,
): Promise<void> {
  const records = await recordsOf({ clock, crypto }, frames, new Uint8Array());
  const nowMs = clock.wallMs();
  let part = parts.at(-1);
  if (part === undefined || part.bytes + records.length > FILE_BYTES_MAX) {
    const number = Number(part?.name.slice(PREFIX.length).split('-')[0] ?? 0) + 1;
    const name = `${PREFIX}${String(number).padStart(DIGITS, '0')}-${nowMs}`;
    part = { name, sinceMs: nowMs, bytes: JOURNAL_HEADER.length };
    await disk.write(name, JOURNAL_HEADER);
    parts.push(part);
  }
  await disk.append(part.name, records);
  part.bytes += records.length;
  await forget(disk, parts, nowMs, limits);
}

/** Removes whole files, the oldest first; the one that is written stays. */
async function forget(
  disk: Ports['disk'],
  parts: Part[],
  nowMs: number,
  { bytesMax, ageMsMax }: AuditLimits,
): Promise<void> {
  for (;;) {
    const [oldest, next] = parts;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (oldest === undefined || next === undefined) return;
    if (bytes <= bytesMax && nowMs - next.sinceMs <= ageMsMax) return;
    await disk.remove(oldest.name);
    parts.shift();
  }
}

async function visitAll(
  ports: AuditPorts,
  parts: readonly Part[],
  visit: (change: KeptChange) => void,
): Promise<void> {
  const { clock, crypto } = ports;
  const latest = new Map<MemberId, Hlc>();
  const rest = new AbortController().signal;
  const meter = openMeter(clock.monotonicMs);
  for (const { name } of [...parts]) {
    for await (const { frame, changes } of framesIn(ports, name, latest, meter)) {
      const isSigned = changes.length > 0 && isFrameSigned(crypto, frame);
      for (const change of changes) visit({ ...change, frame, isSigned });
    }
    await clock.sleep(0, rest); // Others have their turn.
  }
}

/** The frames of a file, and what is new in each; `latest`, of what was before, follows. */
async function* framesIn(
  { clock, crypto, disk }: AuditPorts,
  name: string,
  latest: Map<MemberId, Hlc>,
  meter: Meter,
): AsyncGenerator<{ readonly frame: Uint8Array; readonly changes: readonly Change[] }> {
  const bytes = (await disk.read(name)) ?? new Uint8Array();
  const content = await inPieces(clock, decodeInPieces(crypto, bytes, meter));
  for (const frame of content.frames) {
    const work = changesIn(crypto, frame, (author) => latest.get(author) ?? null, meter);
    const changes = await inPieces(clock, work);
    for (const { author, hlc } of changes) latest.set(author, hlc);
    yield { frame, changes };
  }
}
