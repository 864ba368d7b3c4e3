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
 * 5. A disk that takes nothing is no reason not to start: what must be mended in the file is
 *    mended before the next append.
 */
import { readFrame } from '../crdt/frame.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import { decodeInPieces, JOURNAL_HEADER, type JournalContent } from '../crdt/journal.ts';
import { openMeter } from '../crdt/meter.ts';
import type { Store } from '../crdt/store.ts';
import { Fault } from '../fault.ts';
import type { Disk, Ports } from '../ports.ts';
import { readAcquaintances } from './acquaintances.ts';
import { createDebt } from './journal-debt.ts';
import { isInitialised } from './local-state.ts';
import { inPieces } from './pieces.ts';
import { recordsOf } from './records.ts';

/** The name of the file. */
export const JOURNAL = 'journal';
/**
 * A file of this name says that own frames may be lost, though the journal reads well. What is in
 * it: a word when nobody is known who could hold them, else nothing.
 */
export const DOUBT = 'journal-doubt';

/**
 * A journal with so much in it that does not count any more is written anew. Unit: bytes. 1,000
 * keys of 130 bytes weigh 650 KB at most: they stay below 1 MB on disk.
 */
const STALE_BYTES_MAX = 256 * 1024;
/** Where more than this counts it is written anew less often, to spare the disk. Unit: bytes. */
const LARGE_BYTES = 1024 * 1024;
/** …when what does not count is so many times what does. */
const STALE_RATIO_MAX = 3;

/** The journal of a running member. */
export interface Journal {
  /** Appends frames; `then` runs in the same turn, once they are durable. */
  append(frames: readonly Uint8Array[], then?: () => void): Promise<void>;
  /** Appends frames that others hold as well: what the disk does not take now is owed. */
  keep(frames: readonly Uint8Array[]): void;
  /** Appends what is owed. Harmless when nothing is, and when the disk still takes nothing. */
  catchUp(): Promise<void>;
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

/** Fills the store from the journal of a member. */
export async function openJournal(
  ports: JournalPorts,
  store: Store,
  self: MemberId,
): Promise<Journal> {
  const found = await load(ports, store, self);
  const file = openFile(ports, store, found);
  const debt = createDebt(file, ports);
  let last: Promise<unknown> = Promise.resolve();
  let isDue = false; // One turn for whatever comes until then, also where the disk is slow.
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return turn;
  };
  const settleUp = async (): Promise<void> => {
    isDue = false;
    await debt.pay();
    await file.slim();
  };
  await file.slim();
  return {
    append: (frames, then = () => undefined) => {
      const appended = inTurn(async () => {
        await file.put(frames);
        then();
      });
      inTurn(file.slim).catch(() => undefined);
      return appended;
    },
    keep: (frames) => {
      debt.add(frames);
      if (isDue || !debt.isPayable()) return;
      isDue = true;
      inTurn(settleUp).catch(() => undefined);
    },
    catchUp: () => inTurn(debt.pay),
    isDoubted: file.isDoubted,
    mayOthersHold: found.mayOthersHold,
    settle: () => inTurn(file.settle),
    flush: () => inTurn(async () => undefined),
  };
}

/** The file itself. Whoever uses it takes turns. */
function openFile(ports: JournalPorts, store: Store, found: Found) {
  const { disk, log } = ports;
  let { isDoubted, bytes, isTorn } = found;
  let retryBytes = 0;
  const writeAnew = async (): Promise<void> => {
    bytes = await writeWhole(ports, store);
    retryBytes = 0;
    isTorn = false;
  };
  /** Invariant 3: what is written anew reads well, so the doubt is put down before. */
  const mend = async (): Promise<void> => {
    const isNews = isDoubted && (await disk.read(DOUBT)) === null;
    if (isNews) await disk.write(DOUBT, new Uint8Array());
    await writeAnew();
  };
  return {
    isDoubted: () => isDoubted,
    mend,
    /** Invariant 5. */
    put: async (frames: readonly Uint8Array[]): Promise<void> => {
      if (isTorn) await mend();
      bytes += await append(ports, frames);
    },
    slim: async (): Promise<void> => {
      if (isDoubted || bytes < retryBytes || !isBulky(bytes, store)) return;
      await writeAnew().catch((error: unknown) => {
        retryBytes = 2 * bytes;
        log.warn('journal-not-slimmed', { why: String(error), bytes });
      });
    },
    settle: async (): Promise<void> => {
      if (!isDoubted) return;
      await writeAnew();
      await disk.remove(DOUBT);
      isDoubted = false;
    },
  };
}

interface Found {
  readonly isDoubted: boolean;
  readonly mayOthersHold: boolean;
  readonly bytes: number;
  readonly isTorn: boolean;
}

async function load(ports: JournalPorts, store: Store, self: MemberId): Promise<Found> {
  const { crypto, disk, log, clock } = ports;
  const bytes = await disk.read(JOURNAL);
  const meter = openMeter(clock.monotonicMs);
  const reading = decodeInPieces(crypto, bytes ?? new Uint8Array(), meter);
  const content = await inPieces(clock, reading);
  const { frames, goodLength, torn, corrupt } = content;
  await inPieces(clock, store.loadInPieces(frames, clock.wallMs(), meter));
  if (bytes !== null && (corrupt.length > 0 || torn)) {
    const facts = { torn, corrupt: corrupt.length, bytes: bytes.length, goodLength };
    log.warn('journal-damaged', facts);
  }
  const tryTo = onDiskOf(log);
  if (bytes !== null && corrupt.length > 0) {
    await tryTo(() => disk.write('journal-damaged', bytes));
  }
  // It is there, with its header, before a VM is a member.
  const isLost = corrupt.length === 0 && goodLength === 0 && (await isInitialised(disk));
  if (isLost) {
    log.error('journal-lost');
    await tryTo(() => disk.write(DOUBT, new Uint8Array()));
  }
  const doubt = await disk.read(DOUBT);
  const wasLost = isLost || doubt?.length === 0;
  const isDoubted = isLost || doubt !== null || corrupt.length > 0;
  if (isDoubted) store.distrustDisk();
  const isTorn = !(await tryTo(() => trim(disk, bytes, content)));
  const mayOthersHold =
    wasLost || frames.some(isOfOther(self)) || (await readAcquaintances(disk)).length > 0;
  return { isDoubted, mayOthersHold, bytes: bytes?.length ?? 0, isTorn };
}

/** Does what only mends; gives whether the disk took it. */
const onDiskOf =
  (log: Ports['log']) =>
  async (task: () => Promise<void>): Promise<boolean> => {
    try {
      await task();
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn('journal-not-mended', { why: error.message });
      return false;
    }
  };

/** Cuts a torn tail, and makes a file where there is none. */
async function trim(
  disk: Disk,
  bytes: Uint8Array | null,
  { goodLength, torn, corrupt }: JournalContent,
): Promise<void> {
  if (bytes !== null && !torn) return;
  const isEmpty = goodLength === 0 && corrupt.length === 0;
  const good = isEmpty ? JOURNAL_HEADER : (bytes ?? JOURNAL_HEADER).subarray(0, goodLength);
  await disk.write(JOURNAL, good);
}

const isOfOther =
  (self: MemberId) =>
  (bytes: Uint8Array): boolean => {
    const read = readFrame(bytes);
    return read.ok && memberIdOf(read.frame.author) !== self;
  };

const isBulky = (bytes: number, store: Store): boolean => {
  const live = store.weight().bytes;
  return bytes - live > (live > LARGE_BYTES ? STALE_RATIO_MAX * live : STALE_BYTES_MAX);
};

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
