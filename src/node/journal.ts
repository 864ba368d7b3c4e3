/**
 * Loop: journal — the frames that this member holds, on disk.
 *
 * 1. Whatever is done to the file is done in turn: what was appended first stands first, and no
 *    frame is lost while the file is written anew.
 * 2. What follows from an append happens in its turn, so that a file written anew holds every own
 *    frame that was ever sent.
 * 3. A damaged journal is distrusted, also after restarts, until `settle` is called.
 * 4. It is written anew when most of it is out of date, at start and later, in slices between which
 *    others have their turn.
 */
import { readFrame } from '../crdt/frame.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import {
  decodeJournal,
  encodeRecord,
  JOURNAL_HEADER,
  type JournalContent,
} from '../crdt/journal.ts';
import { joinBytes } from '../crdt/signed.ts';
import type { Store } from '../crdt/store.ts';
import type { Disk, Ports } from '../ports.ts';
import { readAcquaintances } from './acquaintances.ts';
import { isInitialised } from './local-state.ts';

const JOURNAL = 'journal';
/**
 * A file of this name says that own frames may be lost, though the journal reads well. What is in
 * it: `ALONE` when nobody is known who could hold them, else nothing.
 */
const DOUBT = 'journal-doubt';
const ALONE = new TextEncoder().encode('alone\n');

/** A journal this large, this many times what is live in it, is written anew. Unit: bytes. */
const BULKY_BYTES_MIN = 256 * 1024;
const BULKY_RATIO = 4;
/** What is put together in one go. Unit: bytes. Hashing it takes 1 to 2 ms. */
const SLICE_BYTES = 1024 * 1024;

/** The journal of a running member. */
export interface Journal {
  /** Appends frames; `then` runs in the same turn, once they are durable. */
  append(frames: readonly Uint8Array[], then?: () => void): Promise<void>;
  /** Whether own frames may be lost from it. */
  isDoubted(): boolean;
  /** Whether others may hold what was lost from it. */
  readonly mayOthersHold: boolean;
  /** Says that the store holds an own frame after which nothing that was lost counts. */
  settle(): Promise<void>;
  /** Resolves when everything asked so far is done. */
  flush(): Promise<void>;
}

type JournalPorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** Leaves an empty journal, in which nothing is lost, to whoever becomes a member here. */
export const startJournal = async (disk: Disk): Promise<void> => {
  await disk.write(JOURNAL, JOURNAL_HEADER);
  await disk.remove(DOUBT);
};

/**
 * The journal as far as it is whole, while a daemon may write to it: a record that is being written
 * is left out. `isWhole`: nothing is known to be lost from it.
 */
export async function copyJournal({ crypto, disk }: Pick<Ports, 'crypto' | 'disk'>): Promise<{
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}> {
  const found = (await disk.read(JOURNAL)) ?? new Uint8Array();
  const { frames, corrupt, goodLength } = decodeJournal(crypto, found);
  const isWhole = corrupt.length === 0 && goodLength > 0 && (await disk.read(DOUBT)) === null;
  const records = frames.map((frame) => encodeRecord(crypto, frame));
  return { bytes: joinBytes(JOURNAL_HEADER, ...records), isWhole };
}

/**
 * Leaves a copy of a journal to whoever becomes the member again whose it is: what that member said
 * since the copy was made may be missing. `isAlone`: it knew nobody who could hold that.
 */
export async function restoreJournal(
  disk: Disk,
  copy: Uint8Array,
  isAlone: boolean,
): Promise<void> {
  await disk.write(DOUBT, isAlone ? ALONE : new Uint8Array());
  await disk.write(JOURNAL, copy);
}

/** Fills the store from the journal of a member. */
export async function openJournal(
  ports: JournalPorts,
  store: Store,
  self: MemberId,
): Promise<Journal> {
  const { log } = ports;
  const found = await load(ports, store, self);
  let { isDoubted, bytes } = found;
  let retryBytes = 0;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return turn;
  };
  const writeAnew = async (): Promise<void> => {
    bytes = await writeWhole(ports, store);
    retryBytes = 0;
  };
  const slim = async (): Promise<void> => {
    if (isDoubted || bytes < retryBytes || !isBulky(bytes, store)) return;
    await writeAnew().catch((error: unknown) => {
      retryBytes = 2 * bytes;
      log.warn('journal-not-slimmed', { why: String(error), bytes });
    });
  };
  await slim();
  return {
    append: (frames, then = () => undefined) => {
      const appended = inTurn(async () => {
        bytes += await append(ports, frames);
        then();
      });
      inTurn(slim).catch(() => undefined);
      return appended;
    },
    isDoubted: () => isDoubted,
    mayOthersHold: found.mayOthersHold,
    settle: () =>
      inTurn(async () => {
        if (!isDoubted) return;
        await writeAnew();
        await ports.disk.remove(DOUBT);
        isDoubted = false;
      }),
    flush: () => inTurn(async () => undefined),
  };
}

interface Found {
  readonly isDoubted: boolean;
  readonly mayOthersHold: boolean;
  readonly bytes: number;
}

async function load(ports: JournalPorts, store: Store, self: MemberId): Promise<Found> {
  const { crypto, disk, log, clock } = ports;
  const bytes = await disk.read(JOURNAL);
  const content = decodeJournal(crypto, bytes ?? new Uint8Array());
  const { frames, goodLength, torn, corrupt } = content;
  store.load(frames, clock.wallMs());
  if (bytes !== null && (corrupt.length > 0 || torn)) {
    const facts = { torn, corrupt: corrupt.length, bytes: bytes.length, goodLength };
    log.warn('journal-damaged', facts);
  }
  if (bytes !== null && corrupt.length > 0) await disk.write('journal-damaged', bytes);
  // It is there, with its header, before a VM is a member.
  const isLost = corrupt.length === 0 && goodLength === 0 && (await isInitialised(disk));
  if (isLost) {
    log.error('journal-lost');
    await disk.write(DOUBT, new Uint8Array());
  }
  const doubt = await disk.read(DOUBT);
  const wasLost = isLost || doubt?.length === 0;
  const isDoubted = isLost || doubt !== null || corrupt.length > 0;
  if (isDoubted) store.distrustDisk();
  const kept = await trim(disk, bytes, content);
  const mayOthersHold =
    wasLost || frames.some(isOfOther(self)) || (await readAcquaintances(disk)).length > 0;
  return { isDoubted, mayOthersHold, bytes: kept };
}

/** Cuts a torn tail, and makes a file where there is none. Gives its length, bytes. */
async function trim(
  disk: Disk,
  bytes: Uint8Array | null,
  { goodLength, torn, corrupt }: JournalContent,
): Promise<number> {
  if (bytes !== null && !torn) return bytes.length;
  const isEmpty = goodLength === 0 && corrupt.length === 0;
  const good = isEmpty ? JOURNAL_HEADER : (bytes ?? JOURNAL_HEADER).subarray(0, goodLength);
  await disk.write(JOURNAL, good);
  return good.length;
}

const isOfOther =
  (self: MemberId) =>
  (bytes: Uint8Array): boolean => {
    const read = readFrame(bytes);
    return read.ok && memberIdOf(read.frame.author) !== self;
  };

const isBulky = (bytes: number, store: Store): boolean =>
  bytes > BULKY_BYTES_MIN && bytes > BULKY_RATIO * store.weight().bytes;

async function append(ports: JournalPorts, frames: readonly Uint8Array[]): Promise<number> {
  const content = await recordsOf(ports, frames, new Uint8Array());
  await ports.disk.append(JOURNAL, content);
  return content.length;
}

async function writeWhole(ports: JournalPorts, store: Store): Promise<number> {
  const frames = store.framesAfter([], Number.POSITIVE_INFINITY);
  const content = await recordsOf(ports, frames, JOURNAL_HEADER);
  await ports.disk.write(JOURNAL, content);
  return content.length;
}

/** The records of frames after a beginning. Others have their turn after each slice. */
async function recordsOf(
  { clock, crypto }: JournalPorts,
  frames: readonly Uint8Array[],
  beginning: Uint8Array,
): Promise<Uint8Array> {
  const records = [beginning];
  let slice = 0;
  for (const frame of frames) {
    records.push(encodeRecord(crypto, frame));
    slice += frame.length;
    if (slice < SLICE_BYTES) continue;
    slice = 0;
    await clock.sleep(0, new AbortController().signal);
  }
  const content = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const record of records) {
    content.set(record, offset);
    offset += record.length;
  }
  return content;
}
