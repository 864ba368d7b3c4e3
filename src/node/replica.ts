/**
 * Loop: replica — the shared state on this VM: the store in memory, the journal on disk.
 *
 * 1. An own frame is durable before the store takes it and before anybody is sent it.
 * 2. Frames of others are taken at once and journalled behind; a crash loses at most what can be
 *    fetched again.
 * 3. A damaged or lost journal is distrusted until an own frame of a new generation is in it, and
 *    there is none before a member that may hold what was lost has been heard: a new generation
 *    replaces everything that this member ever said.
 */
import type { Edit } from '../crdt/entry.ts';
import { type MemberId, memberIdOf, type PeerKey } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import { openProjector } from '../crdt/projection.ts';
import { isTaken, type Receipt } from '../crdt/receiving.ts';
import { openStore, type Store } from '../crdt/store.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, Log, Ports, Unsubscribe } from '../ports.ts';
import { breathe } from './agent-look.ts';
import { openJournal } from './journal.ts';
import { openKeyDoubt } from './key-doubt.ts';
import type { LocalState } from './local-state.ts';
import { createOwnWriter, type OwnWriter, type WriterDesk } from './own-writer.ts';
import { inPieces } from './pieces.ts';
import { createBuckets } from './rules/bucket.ts';
import type { Ahead } from './rules/clocks.ts';
import { openVerdictFile } from './verdict-file.ts';
import { makeViewAhead, openTeller } from './view-ahead.ts';

/** The shared state as loops use it. */
export interface Replica
  extends Pick<
      Store,
      | ('heads' | 'framesAfter' | 'valueOf' | 'pathsOf' | 'claims' | 'latest')
      | ('suppose' | 'spokenOf' | 'winner' | 'latestOfOthers')
    >,
    Omit<OwnWriter, 'write' | 'flush'> {
  view(): View;
  /**
   * Says something as this member. Resolves when it is durable; Fault 'refused' when it is over a
   * limit.
   */
  write(edits: readonly Edit[]): Promise<void>;
  /** What speaks against a frame of others before what it says is read; null: nothing. */
  screen(frame: Uint8Array, from: PeerKey): Receipt | null;
  /** Judges frames of others and takes what is good. `from`: who sent them, for the log. */
  receive(frames: readonly Uint8Array[], from?: PeerKey): readonly Receipt[];
  /** The same in pieces, so that nothing else waits for long frames or many. */
  receiveInPieces(frames: readonly Uint8Array[], from?: PeerKey): Promise<readonly Receipt[]>;
  /** Says that this member's key is used elsewhere: nothing more is written until `reclaimKey`. */
  suspectKey(): void;
  /** Whether it is, or frames of this member came that it did not write. */
  isElsewhere(): boolean;
  /** Whose statements were held within the last minute because their clock is ahead, by author. */
  ahead(): readonly Ahead[];
  /**
   * Called after anything was taken, in a large mesh once there is a view of it; `own` is the frame
   * when it was written here.
   */
  onChange(listener: (own: Uint8Array | null) => void): Unsubscribe;
  /** Called with the frames that were taken, own ones too. */
  onFrames(listener: (frames: readonly Uint8Array[]) => void): Unsubscribe;
  /** Puts on disk what it did not take before. Harmless at any time. */
  catchUp(): Promise<void>;
  /** Resolves when everything taken so far is on disk. */
  flush(): Promise<void>;
}

type ReplicaPorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** How long whoever was ahead counts as that. Unit: ms. It is asked again every 30 s. */
const AHEAD_MS_MAX = 60_000;

/**
 * Lines about refused frames at once, and per second, and about forks of one author: whoever sends
 * them must not fill the log.
 */
const NOTED_BURST = 5;
const NOTED_PER_SECOND = 0.1;

/** Frames of which the first view takes long enough to be worked out in a turn of its own. */
const FRAMES_MANY = 200;

/** Opens the state of this VM from its journal. */
export async function openReplica(ports: ReplicaPorts, local: LocalState): Promise<Replica> {
  const { store, self, verdicts } = await openEmpty(ports, local);
  const journal = await openJournal(ports, store, self.id);
  const isMuch = store.weight().frames >= FRAMES_MANY;
  if (isMuch) await viewInPieces(ports.clock, store);
  const { tell, ...audience } = openAudience(ports.clock, store, verdicts.keep);
  const keyDoubt = await openKeyDoubt(ports, store);
  const desk = { clock: ports.clock, log: ports.log, store, journal, keyDoubt };
  const own = createOwnWriter(desk, (frame) => tell([frame], frame));
  const others = createReceiver(desk, (frames) => tell(frames, null));
  return {
    heads: store.heads,
    framesAfter: store.framesAfter,
    valueOf: store.valueOf,
    pathsOf: store.pathsOf,
    claims: store.claims,
    latest: store.latest,
    latestOfOthers: store.latestOfOthers,
    suppose: store.suppose,
    spokenOf: store.spokenOf,
    winner: store.winner,
    view: store.view,
    write: own.write,
    confirm: own.confirm,
    reassure: own.reassure,
    isInDoubt: own.isInDoubt,
    suspectKey: () => keyDoubt.begin('another VM proved that it has it'),
    isElsewhere: () => store.doubt() === 'elsewhere',
    reclaimKey: own.reclaimKey,
    republish: own.republish,
    close: own.close,
    ...others,
    ...audience,
    catchUp: journal.catchUp,
    flush: async () => {
      await own.flush();
      await journal.flush();
      await verdicts.flush();
    },
  };
}

/** Who hears of what was taken. `before`: what is done first. */
function openAudience(clock: Clock, store: Store, before: () => void) {
  const listeners = new Set<Listener>();
  const readers = new Set<(frames: readonly Uint8Array[]) => void>();
  const tellAll = (own: Uint8Array | null): void => {
    for (const listener of listeners) listener(own);
  };
  const tellOfOthers = openTeller({ clock, store }, () => tellAll(null));
  return {
    tell: (frames: readonly Uint8Array[], own: Uint8Array | null): void => {
      before();
      for (const reader of readers) reader(frames);
      if (own === null) tellOfOthers();
      else tellAll(own);
    },
    onChange: (listener: Listener) => subscribe(listeners, listener),
    onFrames: (reader: (frames: readonly Uint8Array[]) => void) => subscribe(readers, reader),
  };
}

/** The first view of much, so that it is there when it is asked for. */
async function viewInPieces(clock: Clock, store: Store): Promise<void> {
  await makeViewAhead({ clock, store });
  await breathe(clock, true);
  store.view();
  await breathe(clock, true);
}

/** The empty store of this VM, and what it found out in earlier runs. */
async function openEmpty(ports: ReplicaPorts, { keys, genesis, meshId }: LocalState) {
  const { crypto } = ports;
  const self = { id: memberIdOf(crypto.publicKey(keys.memberSeed)), seed: keys.memberSeed };
  const verdicts = await openVerdictFile(ports, self.seed);
  const project = openProjector(crypto, genesis, meshId, verdicts.verdicts);
  return { store: openStore(crypto, { genesis, meshId }, self, project), self, verdicts };
}

const subscribe = <Heard>(listeners: Set<Heard>, listener: Heard): Unsubscribe => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

type Listener = (own: Uint8Array | null) => void;

/** Says in the log what is to be said of receipts. */
function openNotes(clock: Clock, log: Log, ahead: ReturnType<typeof openAhead>) {
  const lines = createBuckets(NOTED_BURST, NOTED_PER_SECOND);
  const isRoom = (key: string): boolean => {
    const nowMs = clock.monotonicMs();
    if (!lines.hasLeft(key, nowMs)) return false;
    lines.spend(key, 1, nowMs);
    return true;
  };
  return (receipts: readonly Receipt[], from: PeerKey | undefined): void => {
    for (const receipt of receipts) {
      ahead.note(receipt);
      if (receipt.verdict === 'rejected' && isRoom(REFUSED)) {
        const { why, detail } = receipt;
        log.warn('frame-refused', { from, why, detail });
      }
      if (receipt.verdict === 'forked' && isRoom(receipt.author)) {
        log.error('author-forked', { author: receipt.author });
      }
    }
  };
}

/** The key of refused frames, which have no author for sure; no member has this id. */
const REFUSED = '';

function createReceiver(desk: WriterDesk, tell: (taken: readonly Uint8Array[]) => void) {
  const { clock, log, store, journal, keyDoubt } = desk;
  const ahead = openAhead(desk);
  const note = openNotes(clock, log, ahead);
  const keep = (taken: readonly Uint8Array[]): void => {
    keyDoubt.look();
    if (taken.length === 0) return;
    journal.keep(taken); // Invariant 2.
    tell(taken);
  };
  return {
    ahead: ahead.list,
    screen: (frame: Uint8Array, from: PeerKey): Receipt | null => {
      const receipt = store.screen(frame, clock.wallMs());
      if (receipt !== null) note([receipt], from);
      return receipt;
    },
    receive: (frames: readonly Uint8Array[], from?: PeerKey): readonly Receipt[] => {
      const receipts = store.receiveAll(frames, clock.wallMs());
      note(receipts, from);
      keep(frames.filter((_, index) => isKept(receipts[index])));
      return receipts;
    },
    receiveInPieces: async (
      frames: readonly Uint8Array[],
      from?: PeerKey,
    ): Promise<readonly Receipt[]> => {
      const kept = new Set<Uint8Array>();
      const meter = openMeter(clock.monotonicMs);
      const work = store.receiveInPieces(frames, clock.wallMs(), meter);
      const receipts = await inPieces(clock, work, (taken) => {
        for (const frame of taken) kept.add(frame);
        keep(taken);
      });
      note(receipts, from);
      keep(frames.filter((frame, index) => isKept(receipts[index]) && !kept.has(frame)));
      return receipts;
    },
  };
}

const isKept = (receipt: Receipt | undefined): boolean => receipt !== undefined && isTaken(receipt);

/** Who is ahead. Only members whose signature was checked get here, so there are not many. */
function openAhead({ clock, log }: Pick<ReplicaPorts, 'clock' | 'log'>) {
  const found = new Map<MemberId, { readonly aheadMs: number; readonly seenMs: number }>();
  const forgetOld = (nowMs: number): void => {
    for (const [author, { seenMs }] of found) {
      if (nowMs - seenMs > AHEAD_MS_MAX) found.delete(author);
    }
  };
  return {
    note: (receipt: Receipt): void => {
      if (receipt.verdict === 'taken') found.delete(receipt.author);
      if (receipt.verdict !== 'held' || receipt.why !== 'ahead') return;
      const nowMs = clock.monotonicMs();
      forgetOld(nowMs);
      const { author, aheadMs } = receipt;
      const known = found.get(author);
      if (known === undefined) log.warn('clock-ahead', { author, aheadMs });
      // The longer a frame waits, the less it seems to be ahead.
      found.set(author, { aheadMs: Math.max(aheadMs, known?.aheadMs ?? 0), seenMs: nowMs });
    },
    list: (): readonly Ahead[] => {
      forgetOld(clock.monotonicMs());
      return [...found]
        .map(([author, { aheadMs }]) => ({ author, aheadMs }))
        .toSorted((a, b) => (a.author < b.author ? -1 : 1));
    },
  };
}
