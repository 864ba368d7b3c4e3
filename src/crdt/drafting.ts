/**
 * Rule: drafting — a frame of this member's from what it is to say, in pieces: to say again all
 * that one may say takes long.
 */
import type { Chain, Head } from './chain.ts';
import { encodeStatement, STATEMENT_BYTES_MAX, type Statement } from './entry-bytes.ts';
import { type FrameContent, makeInPieces } from './frame.ts';
import { clientIdOf } from './gate.ts';
import type { Quota } from './holdings.ts';
import type { Meter } from './meter.ts';
import { type Desk, type Receipt, receivedOf } from './receiving.ts';
import { type Pen, writeInPieces } from './subdocument.ts';

/**
 * What stands against writing: `value` and `batch` are too long, `quota` is used up, `lost` is all
 * that was said so far, `elsewhere` somebody writes with the same key.
 */
export type WriteLimit = 'value' | 'batch' | 'quota' | 'lost' | 'elsewhere';

/** What came of writing. `why` of a refusal is for a person: which limit, and how far over it. */
export type WriteResult =
  | Draft
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly limit: WriteLimit; readonly why: string };

/** A frame that is not yet part of the state. Ends with one call of `commit` or `cancel`. */
export interface Draft {
  readonly kind: 'frame';
  readonly bytes: Uint8Array;
  /** Takes the frame into the state. Only once it is durable; afterwards it may be sent. */
  readonly commit: () => void;
  /**
   * Drops the frame, because it could not be made durable. As it may be on disk all the same, the
   * next frame starts a new generation. This one must never be sent.
   */
  readonly cancel: () => void;
}

/** What the writer remembers between frames. */
export interface Hand {
  readonly desk: Desk;
  readonly author: Uint8Array;
  /** The pen of the last frame, and that frame's hash: it goes on only from there. */
  last: { readonly pen: Pen; readonly hash: Uint8Array } | null;
  /** The last own frame, when it was cancelled. */
  cancelled: Head | null;
}

/** A refusal. */
export const refused = (limit: WriteLimit, why: string): WriteResult => ({
  kind: 'refused',
  limit,
  why,
});

/** This member's own chain. */
export const ownChain = ({ chains, self }: Desk): Chain => chains.of(self.id);

/** A frame to be: where it stands and what it says. */
export interface Plan {
  readonly place: Pick<FrameContent, 'generation' | 'sequence' | 'previous'>;
  readonly pen: Pen;
  readonly deletions: readonly number[];
  /** Contents that a later version of this program said, as they were. */
  readonly unread: readonly Uint8Array[];
  readonly statements: readonly Statement[];
}

/** Times to spell a statement, and to sign or hash a byte. Unit: ms, as measured. */
const STATEMENT_MS = 0.003;
const BYTE_MS = 4e-6;

/** The frame of a plan, not yet part of the state. */
export function* draft(hand: Hand, plan: Plan, meter: Meter): Generator<void, WriteResult> {
  const finished = yield* finishFrame(hand, plan, meter);
  return 'take' in finished ? openDraft(hand, finished) : finished;
}

function* finishFrame(
  hand: Hand,
  { place, pen, deletions, unread, statements }: Plan,
  meter: Meter,
): Generator<void, Finished | WriteResult> {
  const { crypto, mesh, self, chains } = hand.desk;
  const additions: Uint8Array[] = [];
  for (const statement of statements) {
    additions.push(encodeStatement(statement));
    if (meter.isDue(STATEMENT_MS)) yield;
  }
  const longest = additions.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > STATEMENT_BYTES_MAX) {
    return refused('value', `a value takes ${longest} bytes, at most ${STATEMENT_BYTES_MAX} fit`);
  }
  // From here on the pen is ahead of the chain, and of use again only after a commit.
  hand.last = null;
  const all = [...unread, ...additions];
  const client = clientIdOf(crypto, hand.author, place.generation);
  const body =
    deletions.length === 0
      ? yield* writeInPieces({ pen, client }, all, meter)
      : pen.write(deletions, all);
  const longMs = body.length * BYTE_MS;
  if (meter.isDue(longMs)) yield;
  const content = { mesh, author: hand.author, ...place, body };
  const bytes = yield* makeInPieces(crypto, self.seed, content, meter);
  if (meter.isDue(longMs)) yield;
  const received = receivedOf(crypto, bytes);
  if ('verdict' in received) return refused('batch', `the batch ${whyRejected(received)}`);
  const own = ownChain(hand.desk);
  const quota = (): Quota => chains.roles().quotaOf(own.author);
  const limits = { wallMs: null, quota };
  yield* own.prepare(received, limits, { meter, foresee: chains.foresee });
  const examination = own.examine(received, limits);
  if (examination.kind !== 'good') {
    return refused('quota', `${self.id} would say ${examination.why}`);
  }
  const { generation, sequence } = place;
  const head = { author: self.id, generation, sequence, hash: received.hash };
  return { own, pen, bytes, head, take: examination.take };
}

/** A frame that was found good. */
interface Finished {
  readonly own: Chain;
  readonly pen: Pen;
  readonly bytes: Uint8Array;
  readonly head: Head;
  readonly take: () => void;
}

const openDraft = (hand: Hand, { own, pen, bytes, head, take }: Finished): Draft => {
  const { desk } = hand;
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) throw new Error('a draft is committed or cancelled once');
    isOpen = false;
    desk.isDrafting = false;
  };
  return {
    kind: 'frame',
    bytes,
    commit: () => {
      close();
      take();
      desk.chains.keep(own);
      // What was found out meanwhile stays.
      if (desk.doubt === 'disk') desk.doubt = null;
      desk.salvage = [];
      hand.cancelled = null;
      hand.last = { pen, hash: head.hash };
    },
    cancel: () => {
      close();
      desk.doubt ??= 'disk';
      hand.cancelled = head;
    },
  };
};

const whyRejected = (receipt: Receipt): string =>
  receipt.verdict === 'rejected' ? receipt.detail : receipt.verdict;
