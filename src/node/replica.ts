/**
 * Loop: replica — the shared state on this VM: the store in memory, the journal on disk.
 *
 * 1. An own frame is durable before the store takes it and before anybody is sent it.
 * 2. Frames of others are taken at once and journalled behind; a crash loses at most what can be
 *    fetched again.
 * 3. Own writes run one after the other.
 * 4. A damaged journal stays as it is until an own frame of a new generation is in it: whoever
 *    restarts before that distrusts it again.
 */
import type { Edit } from '../crdt/entry.ts';
import { memberIdOf } from '../crdt/ids.ts';
import { decodeJournal, encodeRecord, JOURNAL_HEADER } from '../crdt/journal.ts';
import { openProjector } from '../crdt/projection.ts';
import type { Receipt } from '../crdt/receiving.ts';
import { joinBytes } from '../crdt/signed.ts';
import { openStore, type Store } from '../crdt/store.ts';
import type { View } from '../crdt/view.ts';
import type { WriteLimit, WriteResult } from '../crdt/writing.ts';
import { Fault, type FaultFacts } from '../fault.ts';
import type { Ports, Unsubscribe } from '../ports.ts';
import type { LocalState } from './local-state.ts';

/** The shared state as loops use it. */
export interface Replica extends Pick<Store, 'heads' | 'framesAfter' | 'valueOf' | 'pathsOf'> {
  view(): View;
  /**
   * Says something as this member. Resolves when it is durable; Fault 'refused' when it is over a
   * limit.
   */
  write(edits: readonly Edit[]): Promise<void>;
  /** Judges frames of others and takes what is good. */
  receive(frames: readonly Uint8Array[]): readonly Receipt[];
  /** Whether frames of this member came that it did not write: its key is used elsewhere. */
  isElsewhere(): boolean;
  /** Called after anything was taken; `own` is the frame when it was written here. */
  onChange(listener: (own: Uint8Array | null) => void): Unsubscribe;
  /** Resolves when everything taken so far is on disk. */
  flush(): Promise<void>;
}

type ReplicaPorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

const JOURNAL = 'journal';

/**
 * A journal of this size that is this many times what is live is written anew at start. Unit:
 * bytes.
 */
const BULKY_BYTES_MIN = 256 * 1024;
const BULKY_RATIO = 4;

/** Opens the state of this VM from its journal. */
export async function openReplica(ports: ReplicaPorts, local: LocalState): Promise<Replica> {
  const { crypto } = ports;
  const self = {
    id: memberIdOf(crypto.publicKey(local.keys.memberSeed)),
    seed: local.keys.memberSeed,
  };
  const mesh = { genesis: local.genesis, meshId: local.meshId };
  const store = openStore(crypto, mesh, self, openProjector(crypto, local.genesis, local.meshId));
  const journalState = await loadJournal(ports, store);
  const listeners = new Set<Listener>();
  const tell: Listener = (own) => {
    for (const listener of listeners) listener(own);
  };
  const own = createOwnWriter(ports, store, journalState, tell);
  const others = createReceiver(ports, store, tell);
  return {
    heads: store.heads,
    framesAfter: store.framesAfter,
    valueOf: store.valueOf,
    pathsOf: store.pathsOf,
    view: store.view,
    write: own.write,
    receive: others.receive,
    isElsewhere: others.isElsewhere,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: async () => {
      await own.flush();
      await others.flush();
    },
  };
}

/** What is known of the journal on disk. */
interface JournalState {
  isDamaged: boolean;
}

type Listener = (own: Uint8Array | null) => void;

function createOwnWriter(ports: ReplicaPorts, store: Store, state: JournalState, tell: Listener) {
  const { clock, crypto, disk } = ports;
  let writing: Promise<void> = Promise.resolve();
  const put = async (draft: WriteResult): Promise<void> => {
    if (draft.kind === 'nothing') return;
    if (draft.kind === 'refused') throw refusal(draft.limit, draft.why);
    try {
      await journal(ports, [draft.bytes]); // Invariant 1.
    } catch (error) {
      draft.cancel();
      throw error;
    }
    draft.commit();
    tell(draft.bytes);
    if (!state.isDamaged) return;
    await disk.write(JOURNAL, wholeJournal(crypto, store)); // Invariant 4.
    state.isDamaged = false;
  };
  return {
    write: (edits: readonly Edit[]): Promise<void> => {
      const turn = writing.then(async () => {
        if (store.wantsGeneration(clock.wallMs())) await put(store.nextGeneration(clock.wallMs()));
        await put(store.write(edits, clock.wallMs()));
      });
      writing = turn.catch(() => undefined); // Invariant 3.
      return turn;
    },
    flush: () => writing,
  };
}

function createReceiver(ports: ReplicaPorts, store: Store, tell: Listener) {
  let journalling: Promise<void> = Promise.resolve();
  let isElsewhere = false;
  return {
    isElsewhere: () => isElsewhere,
    receive: (frames: readonly Uint8Array[]): readonly Receipt[] => {
      const receipts = store.receiveAll(frames, ports.clock.wallMs());
      if (!isElsewhere && receipts.some((one) => one.verdict === 'held' && one.why === 'own')) {
        isElsewhere = true;
        ports.log.error('key-used-elsewhere');
      }
      const taken = frames.filter((_, index) => receipts[index]?.verdict === 'taken');
      if (taken.length > 0) {
        journalling = journalling
          .then(() => journal(ports, taken)) // Invariant 2.
          .catch((error: unknown) => ports.log.warn('journal-failed', { why: String(error) }));
        tell(null);
      }
      return receipts;
    },
    flush: () => journalling,
  };
}

const journal = (
  { crypto, disk }: Pick<ReplicaPorts, 'crypto' | 'disk'>,
  frames: readonly Uint8Array[],
): Promise<void> =>
  disk.append(JOURNAL, joinBytes(...frames.map((frame) => encodeRecord(crypto, frame))));

/** Which field a refused write is about, and what helps. */
const REFUSALS: Readonly<Record<WriteLimit, Pick<FaultFacts, 'field' | 'remedy'>>> = {
  value: { field: 'value', remedy: 'make it shorter, or split it into several' },
  batch: { field: 'batch', remedy: 'say it in smaller parts' },
  quota: { field: 'state', remedy: 'delete what is no longer needed, then try again' },
  elsewhere: {
    field: 'member key',
    remedy: 'run cnsmo leave --local on one of the two VMs, and join it again',
  },
};

const refusal = (limit: WriteLimit, why: string): Fault =>
  new Fault('refused', { ...REFUSALS[limit], value: 'own statements', why });

async function loadJournal(ports: ReplicaPorts, store: Store): Promise<JournalState> {
  const { crypto, disk, log, clock } = ports;
  const bytes = await disk.read(JOURNAL);
  if (bytes === null) {
    await disk.write(JOURNAL, JOURNAL_HEADER);
    return { isDamaged: false };
  }
  const { frames, goodLength, torn, corrupt } = decodeJournal(crypto, bytes);
  store.load(frames, clock.wallMs());
  const isDamaged = corrupt.length > 0;
  if (isDamaged || torn) {
    const facts = { torn, corrupt: corrupt.length, bytes: bytes.length, goodLength };
    log.warn('journal-damaged', facts);
  }
  if (isDamaged) {
    store.distrustDisk();
    await disk.write('journal-damaged', bytes);
  }
  if (torn) await disk.write(JOURNAL, bytes.subarray(0, goodLength));
  const whole = wholeJournal(crypto, store);
  const isBulky = bytes.length > BULKY_BYTES_MIN && bytes.length > BULKY_RATIO * whole.length;
  if (isBulky && !isDamaged) await disk.write(JOURNAL, whole);
  return { isDamaged };
}

const wholeJournal = (crypto: Ports['crypto'], store: Store): Uint8Array => {
  const live = store.framesAfter([], Number.POSITIVE_INFINITY);
  return joinBytes(JOURNAL_HEADER, ...live.map((frame) => encodeRecord(crypto, frame)));
};
