/**
 * Loop: own writer — says something as this member: one frame after the other, each durable before
 * anybody has it.
 *
 * 1. Nothing is said before another member was asked what this one said, where others may know
 *    more: the disk may be an older copy, and a place of the chain used twice is a fork. Alone: for
 *    10 s.
 * 2. Nothing is said while the journal is in doubt, before a member that may hold what was lost has
 *    been heard; nor while the key is used elsewhere.
 */

import type { WriteLimit, WriteResult } from '../crdt/drafting.ts';
import type { Edit } from '../crdt/entry.ts';
import { FRAME_BYTES_MAX } from '../crdt/frame.ts';
import { openMeter } from '../crdt/meter.ts';
import type { Store } from '../crdt/store.ts';
import { Fault, type FaultFacts } from '../fault.ts';
import type { Clock, Log } from '../ports.ts';
import type { Journal } from './journal.ts';
import type { KeyDoubt } from './key-doubt.ts';
import { inPieces } from './pieces.ts';
import { isViewLarge, makeViewAhead } from './view-ahead.ts';

/** How long another member is waited for before the first own frame. Unit: ms. D31. */
const ALONE_MS = 10_000;

/** What became durable. */
type Listener = (own: Uint8Array) => void;

/** Says things as this member. */
export interface OwnWriter {
  write(edits: readonly Edit[]): Promise<void>;
  /** A member was asked: what it holds of us we have. */
  confirm(): void;
  /** A member holds of our frames what we hold. */
  reassure(): void;
  isInDoubt(): boolean;
  /** From here on own frames are taken back from others, until `republish`. */
  reclaimKey(): void;
  /** The first frame of a new generation, now. Fault 'refused' when there was none before. */
  republish(): Promise<void>;
  /** Resolves when nothing is being written. What waits for others is refused from here on. */
  close(): void;
  flush(): Promise<void>;
}

/** What it works with. */
export interface WriterDesk {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly journal: Journal;
  readonly keyDoubt: KeyDoubt;
}

const LOST =
  'what this member said may be lost from its disk, and no member that holds it was heard since';

/** Makes the writer of a store and its journal. */
export function createOwnWriter(desk: WriterDesk, tell: Listener): OwnWriter {
  const { clock, store, journal } = desk;
  let writing: Promise<void> = Promise.resolve();
  let isReassured = !journal.mayOthersHold;
  const question = openQuestion(clock, journal.mayOthersHold);
  const say = (edits: readonly Edit[] | null): Promise<WriteResult> =>
    inPieces(clock, store.inPieces(edits, clock.wallMs(), openMeter(clock.monotonicMs)));
  const isInDoubt = (): boolean => journal.isDoubted() && !isReassured;
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const turn = writing.then(task);
    writing = turn.catch(() => undefined); // One after the other.
    return turn;
  };
  return {
    isInDoubt,
    confirm: () => question.answer(true),
    reassure: () => {
      isReassured = true;
    },
    write: (edits) =>
      inTurn(async () => {
        if (isInDoubt()) throw refusal('lost', LOST); // Invariant 2.
        const isAsked = await question.answered; // Invariant 1.
        if (!isAsked) throw refusal('lost', 'this VM is stopping');
        if (store.wantsGeneration(clock.wallMs())) await put(desk, tell, await say(null));
        await put(desk, tell, await say(edits));
      }),
    reclaimKey: store.reclaimKey,
    republish: () =>
      inTurn(async () => {
        const draft = await say(null);
        if (draft.kind === 'nothing') throw refusal('lost', LOST);
        await put(desk, tell, draft);
        await desk.keyDoubt.end();
      }),
    close: () => question.answer(false),
    flush: () => writing,
  };
}

async function put(desk: WriterDesk, tell: Listener, draft: WriteResult): Promise<void> {
  if (draft.kind === 'nothing') return;
  if (draft.kind === 'refused') throw refusal(draft.limit, draft.why);
  let isDurable = false;
  const commit = (): void => {
    isDurable = true;
    draft.commit();
  };
  try {
    await desk.journal.append([draft.bytes], commit);
  } catch (error) {
    if (!isDurable) draft.cancel();
    throw error;
  }
  if (draft.bytes.length > FRAME_BYTES_MAX) {
    const meter = openMeter(desk.clock.monotonicMs);
    await inPieces(desk.clock, desk.store.digestOwn(meter));
  }
  if (isViewLarge(desk)) await makeViewAhead(desk);
  tell(draft.bytes);
  await desk.journal.settle().catch((error: unknown) => {
    desk.log.warn('journal-not-settled', { why: String(error) }); // It is distrusted further.
  });
}

/** Whether what is on disk may be gone on from: true once somebody or the clock has said so. */
function openQuestion(clock: Clock, isOpen: boolean) {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const wait = new AbortController();
  const answer = (isGood: boolean): void => {
    if (wait.signal.aborted) return; // Every exchange answers again.
    resolve(isGood);
    wait.abort();
  };
  if (isOpen) void clock.sleep(ALONE_MS, wait.signal).then(() => resolve(true));
  else resolve(true);
  return { answered: promise, answer };
}

/** Which field a refused write is about, and what helps. */
const REFUSALS: Readonly<Record<WriteLimit, Pick<FaultFacts, 'field' | 'remedy'>>> = {
  value: { field: 'value', remedy: 'make it shorter, or split it into several' },
  batch: { field: 'batch', remedy: 'say it in smaller parts' },
  quota: { field: 'state', remedy: 'delete what is no longer needed, then try again' },
  lost: {
    field: 'journal',
    remedy: 'start another member of the mesh; if all others are gone, run cnsmo recover --alone',
  },
  elsewhere: {
    field: 'member key',
    remedy:
      'run cnsmo stop and cnsmo leave --local on the copy, if there is one, then ' +
      'cnsmo recover here',
  },
};

const refusal = (limit: WriteLimit, why: string): Fault =>
  new Fault('refused', { ...REFUSALS[limit], value: 'own statements', why });
