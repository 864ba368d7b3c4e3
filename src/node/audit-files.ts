/**
 * Loop: audit files — frames in files of the journal's form, numbered as they were begun, of which
 * the oldest go when there are too many.
 *
 * 1. One file is small, so that reading it does not stall others.
 * 2. What a crash tore off the end is cut at the next start, so that whatever does not read later
 *    is damage, and is told.
 */
import { decodeInPieces, JOURNAL_HEADER, recordLength } from '../crdt/journal.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import type { Ports } from '../ports.ts';
import { inPieces } from './pieces.ts';
import { recordsOf } from './records.ts';

/** How much is kept. */
export interface AuditLimits {
  readonly bytesMax: number;
  readonly ageMsMax: number;
}

/**
 * Longest file, unless one frame is longer. Unit: bytes. Hashing and reading it takes some 20 ms.
 */
const FILE_BYTES_MAX = 1024 * 1024;
/** Files that fit at least, so that little goes at a time. */
const FILES_MIN = 8;
const fileBytesMax = ({ bytesMax }: AuditLimits): number =>
  Math.min(FILE_BYTES_MAX, bytesMax / FILES_MIN);

/** Files are numbered with so many digits, so that names sort as they were begun. */
const DIGITS = 10;

export type AuditPorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** What a file holds. */
export interface FileContent {
  readonly frames: readonly Uint8Array[];
  /** Stretches of it that do not read. */
  readonly damaged: number;
}

/** A set of files. */
export interface AuditFiles {
  /** Names, the oldest first. */
  names(): readonly string[];
  /** What one of them holds; nothing when it went meanwhile. Not while something is appended. */
  read(name: string, meter: Meter): Promise<FileContent>;
  append(frames: readonly Uint8Array[], limits: AuditLimits): Promise<void>;
  /** Puts in the place of what a file holds some of it. */
  keep(name: string, frames: readonly Uint8Array[]): Promise<void>;
}

/** A file, when it was begun on this VM's clock (ms), and its length. */
interface Part {
  readonly name: string;
  readonly sinceMs: number;
  bytes: number;
}

/** Opens the files whose names begin so. */
export async function openAuditFiles(
  ports: AuditPorts,
  prefix: string,
  limits: AuditLimits,
): Promise<AuditFiles> {
  const parts = await findParts(ports, prefix, limits);
  return {
    names: () => parts.map(({ name }) => name),
    read: async (name, meter) => {
      const bytes = await ports.disk.read(name);
      if (bytes === null) return { frames: [], damaged: 0 };
      const work = decodeInPieces(ports.crypto, bytes, meter);
      const { frames, corrupt, torn } = await inPieces(ports.clock, work);
      return { frames, damaged: corrupt.length + (torn ? 1 : 0) };
    },
    append: async (frames, now) => {
      for (const some of inFiles(frames, fileBytesMax(now))) {
        await append(ports, { prefix, parts }, some, now);
      }
    },
    keep: async (name, frames) => {
      const content = await recordsOf(ports, frames, JOURNAL_HEADER);
      await ports.disk.write(name, content);
      const part = parts.find((one) => one.name === name);
      if (part !== undefined) part.bytes = content.length;
    },
  };
}

/** Frames in shares that fit a file, in their order. */
function* inFiles(
  frames: readonly Uint8Array[],
  bytesMax: number,
): Generator<readonly Uint8Array[]> {
  let [some, bytes]: [Uint8Array[], number] = [[], 0];
  for (const frame of frames) {
    bytes += recordLength(frame);
    if (some.length > 0 && bytes > bytesMax) {
      yield some;
      [some, bytes] = [[], recordLength(frame)];
    }
    some.push(frame);
  }
  if (some.length > 0) yield some;
}

async function findParts(ports: AuditPorts, prefix: string, limits: AuditLimits): Promise<Part[]> {
  const { disk, log } = ports;
  const names = (await disk.list()).filter((name) => name.startsWith(prefix)).toSorted();
  const parts: Part[] = [];
  for (const name of names) {
    const sinceMs = Number(name.slice(prefix.length).split('-')[1]);
    if (Number.isSafeInteger(sinceMs)) parts.push({ name, sinceMs, bytes: FILE_BYTES_MAX });
    else log.warn('audit-odd', { name });
  }
  // Only the last one grows; the others are full, near enough where there are many.
  const last = parts.at(-1);
  const isExact = fileBytesMax(limits) < FILE_BYTES_MAX || parts.length <= FILES_MIN;
  for (const part of parts) {
    if (part === last) part.bytes = await cutTail(ports, part.name);
    else if (isExact) part.bytes = (await disk.read(part.name))?.length ?? 0;
  }
  return parts;
}

/** Invariant 2. Gives the length of what is left; of a file that is none of ours: it is full. */
async function cutTail(ports: AuditPorts, name: string): Promise<number> {
  const { clock, crypto, disk, log } = ports;
  const bytes = (await disk.read(name)) ?? new Uint8Array();
  const work = decodeInPieces(crypto, bytes, openMeter(clock.monotonicMs));
  const { goodLength, torn } = await inPieces(clock, work);
  if (!torn) return goodLength === 0 ? FILE_BYTES_MAX : bytes.length;
  log.warn('audit-torn', { name, bytes: bytes.length - goodLength });
  const left = goodLength === 0 ? JOURNAL_HEADER : bytes.subarray(0, goodLength);
  await disk.write(name, left);
  return left.length;
}

async function append(
  { clock, crypto, disk }: AuditPorts,
  { prefix, parts }: { readonly prefix: string; readonly parts: Part[] },
  frames: readonly Uint8Array[],
  limits: AuditLimits,
): Promise<void> {
  const records = await recordsOf({ clock, crypto }, frames, new Uint8Array());
  const nowMs = clock.wallMs();
  let part = parts.at(-1);
  if (part === undefined || part.bytes + records.length > fileBytesMax(limits)) {
    const number = Number(part?.name.slice(prefix.length).split('-')[0] ?? 0) + 1;
    const name = `${prefix}${String(number).padStart(DIGITS, '0')}-${nowMs}`;
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
