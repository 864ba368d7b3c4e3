/**
 * Rule: receiving — what becomes of a frame that somebody sent, or that the journal held.
 *
 * The order of the checks is the order of their cost and of blame:
 * 1. `rejected` is only what is bad for everybody: size, encoding, mesh, signature, structure, the
 *    quota that nobody may exceed. Whoever sent that is to blame.
 * 2. What cannot be judged yet is `held`: it is not stored, changes nothing and raises no clock;
 *    it is fetched again later.
 * 3. Nothing about an author is believed, remembered or held against it without its signature.
 */
import type { Crypto } from '../ports.ts';
import type { Chain, Placement, ReceivedFrame } from './chain.ts';
import type { Chains } from './chains.ts';
import { contentOf } from './content.ts';
import type { Statement } from './entry-bytes.ts';
import type { Limits } from './examination.ts';
import { frameHash, isSigned, readFrame } from './frame.ts';
import { OPERATOR_QUOTA } from './holdings.ts';
import { type MemberId, memberIdOf } from './ids.ts';
import { type Meter, UNMETERED } from './meter.ts';
import { lateProofs, type Parcel, pardon } from './proofs.ts';
import { held, rejected, screen, type Terms } from './screening.ts';

/**
 * What became of a frame. `forked`: it was taken as the proof that its author signed two frames for
 * one place. `own`: by this member's key, but not known here.
 */
export type Receipt =
  | { readonly verdict: 'taken'; readonly author: MemberId }
  | { readonly verdict: 'forked'; readonly author: MemberId }
  | { readonly verdict: 'known' }
  | { readonly verdict: 'held'; readonly why: Exclude<HeldWhy, 'ahead'> }
  | HeldAhead
  | { readonly verdict: 'rejected'; readonly why: RejectedWhy; readonly detail: string };

type TakenReceipt = Extract<Receipt, { readonly verdict: 'taken' | 'forked' }>;

/** Well signed, by a clock that is so much ahead of ours. */
interface HeldAhead {
  readonly verdict: 'held';
  readonly why: 'ahead';
  readonly author: MemberId;
  readonly aheadMs: number;
}

export type HeldWhy = 'unknown-author' | 'gap' | 'ahead' | 'own' | 'quota';
export type RejectedWhy =
  | 'size'
  | 'encoding'
  | 'mesh'
  | 'signature'
  | 'structure'
  | 'quota'
  | 'equivocation';

/**
 * Why this member must not simply go on after its last own frame: `disk` when own frames may be
 * lost or half written here, `elsewhere` when somebody else writes with its key.
 */
export type Doubt = 'disk' | 'elsewhere';

/** What receiving and writing share. */
export interface Desk {
  readonly crypto: Crypto;
  /** The 32 bytes of the mesh id. */
  readonly mesh: Uint8Array;
  readonly self: { readonly id: MemberId; readonly seed: Uint8Array };
  readonly chains: Chains;
  doubt: Doubt | null;
  /** The highest generation of an own frame that came from outside, or -1. */
  ownSeen: number;
  /** What we said ourselves before we took back what others hold of us. */
  salvage: readonly Statement[];
  /** Whether a frame of our own is written and neither committed nor cancelled. */
  isDrafting: boolean;
}

/** How frames are taken. `isLoading`: from our own journal, where all was judged before. */
export interface Intake {
  readonly wallMs: number;
  readonly isLoading: boolean;
  readonly meter: Meter;
}

/** Reads what can be read of bytes without knowing any state. */
export const receivedOf = (crypto: Crypto, bytes: Uint8Array): ReceivedFrame | Receipt => {
  const read = readFrame(bytes);
  if (!read.ok) return rejected(read.field, read.why);
  const { frame } = read;
  let hash: Uint8Array | null = null;
  let signed: boolean | null = null;
  return {
    frame,
    author: memberIdOf(frame.author),
    bytes,
    content: contentOf(frame.body),
    get isSigned() {
      signed ??= isSigned(crypto, frame); // Not of what is refused for its place.
      return signed;
    },
    get hash() {
      hash ??= frameHash(crypto, bytes); // Not of what is refused for its length.
      return hash;
    },
  };
};

/** What speaks against a frame from outside before what it says is read, or null. */
export const screenFrame = (desk: Desk, bytes: Uint8Array, wallMs: number): Receipt | null => {
  const received = receivedOf(desk.crypto, bytes);
  if ('verdict' in received) return received;
  const { roles } = desk.chains;
  const terms = { wallMs, isLoading: false, meter: UNMETERED, takesOwn: false, roles };
  return screen(desk, desk.chains.of(received.author), received, terms);
};

/**
 * Judges frames in passes until no more are taken, because one may certify the author of another,
 * or come before it in its chain. Receipts stand in the order of the frames. It may be left
 * wherever it yields, each time with what it took since: the state may then change.
 */
export function* receiveFrames(
  desk: Desk,
  frames: readonly Uint8Array[],
  intake: Intake,
): Generator<readonly Uint8Array[], readonly Receipt[]> {
  const receipts = new Map<number, Receipt>();
  let waiting: Parcel[] = [];
  for (const [index, bytes] of frames.entries()) {
    const received = receivedOf(desk.crypto, bytes);
    if ('verdict' in received) receipts.set(index, received);
    else waiting.push({ index, received });
    if (intake.meter.isDue(READ_MS + bytes.length * BYTE_MS)) yield [];
  }
  const parcels = waiting.sort(inChainOrder);
  let takesOwn = false;
  let news: Uint8Array[] = [];
  while (waiting.length > 0) {
    for (const _ of desk.chains.prepareView(intake.meter)) yield [];
    const terms = { ...intake, takesOwn, roles: onceOf(desk.chains.roles) };
    let taken = 0;
    const later: Parcel[] = [];
    for (const parcel of waiting) {
      if (isWorthPreparing(parcel.received, terms)) {
        for (const _ of prepare(desk, parcel.received, terms)) {
          yield news;
          news = [];
        }
      }
      const receipt = judge(desk, parcel.received, terms);
      receipts.set(parcel.index, receipt);
      if (isTaken(receipt)) {
        taken += 1;
        for (const _ of digest(desk, parcel.received, terms)) yield [];
        news.push(parcel.received.bytes);
      }
      if (mayChange(receipt)) later.push(parcel);
    }
    waiting = later;
    // Own frames need nobody's word; but in their turn, after those who certify their author.
    if (taken === 0 && (takesOwn || !intake.isLoading)) break;
    if (taken === 0) takesOwn = true;
  }
  const { roles } = desk.chains;
  for (const { index, received } of lateProofs(desk.chains, parcels, receipts))
    receipts.set(index, judge(desk, received, { ...intake, takesOwn, roles }));
  const isOwnLost = ({ index, received }: Parcel): boolean =>
    received.author === desk.self.id && !isHeldNow(receipts.get(index));
  if (intake.isLoading && parcels.some(isOwnLost)) desk.doubt ??= 'disk';
  pardon(parcels, receipts);
  return frames.map((_, index) => receipts.get(index) ?? held('gap'));
}

const isHeldNow = (receipt: Receipt | undefined): boolean =>
  receipt?.verdict === 'taken' || receipt?.verdict === 'known';

/** Whether the frame changed what is held. */
export const isTaken = (receipt: Receipt): receipt is TakenReceipt =>
  receipt.verdict === 'taken' || receipt.verdict === 'forked';

/** What a view finds out about a frame of this length by itself is little. Unit: bytes. */
const SHORT_BYTES = 4 * 1024;

const isWorthPreparing = ({ bytes }: ReceivedFrame, { meter }: Terms): boolean =>
  meter !== UNMETERED || bytes.length > SHORT_BYTES;

/** Times to read a short frame, and to take it, its signature included. Unit: ms, as measured. */
const [READ_MS, FRAME_MS] = [0.03, 0.25];
/** To sort what a statement says; and what each byte adds to a frame, hash and signature. */
const [DIGEST_MS, BYTE_MS] = [0.001, 4e-6];

const inChainOrder = (a: Parcel, b: Parcel): number =>
  a.received.frame.generation - b.received.frame.generation ||
  a.received.frame.sequence - b.received.frame.sequence ||
  a.index - b.index;

const onceOf = <Result>(compute: () => Result): (() => Result) => {
  let result: Result | undefined;
  return () => {
    result ??= compute();
    return result;
  };
};

const mayChange = (receipt: Receipt): boolean =>
  receipt.verdict === 'held' && receipt.why !== 'ahead' && receipt.why !== 'own';

/**
 * Works out in pieces what judging a frame will ask for, when it is one that will be asked: nobody
 * who cannot sign for it makes us read anything.
 */
function* prepare(desk: Desk, received: ReceivedFrame, terms: Terms): Generator<void, void> {
  const { meter } = terms;
  const longMs = received.bytes.length * BYTE_MS;
  if (meter.isDue(FRAME_MS + longMs)) yield;
  const chain = desk.chains.of(received.author);
  if (screen(desk, chain, received, terms) !== null) return;
  if (meter.isDue(longMs)) yield;
  yield* chain.prepare(received, limitsOf(received, terms), {
    meter,
    foresee: desk.chains.foresee,
  });
}

/** Works out in pieces what a view needs of the author of a long frame that was taken. */
function* digest(desk: Desk, { author, content }: ReceivedFrame, terms: Terms) {
  const costMs = content.said.length * DIGEST_MS;
  if (!terms.meter.isDue(costMs)) return;
  yield;
  yield* desk.chains.digest(desk.chains.of(author), terms.meter);
}

const limitsOf = ({ author }: ReceivedFrame, { wallMs, isLoading, roles }: Terms): Limits => ({
  wallMs: isLoading ? null : wallMs,
  quota: () => (isLoading ? OPERATOR_QUOTA : roles().quotaOf(author)),
});

const judge = (desk: Desk, received: ReceivedFrame, terms: Terms): Receipt => {
  const { author } = received;
  const chain = desk.chains.of(author);
  const refusal = screen(desk, chain, received, terms);
  if (refusal !== null) return refusal;
  const isOwn = author === desk.self.id;
  const placement = chain.place(received);
  if (isOwn && !terms.isLoading) {
    desk.doubt ??= 'elsewhere';
    desk.ownSeen = Math.max(desk.ownSeen, received.frame.generation);
    if (!mayHeal(desk, placement)) return held('own');
  }
  if (placement === 'conflict' && isOwn)
    return rejected('equivocation', 'our disk holds two lines');
  return take(desk, chain, placement, { received, terms });
};

/** Whether an own frame from outside may be taken: only what our own disk lost, in its place. */
const mayHeal = (desk: Desk, placement: Placement): boolean =>
  desk.doubt === 'disk' && placement === 'next' && !desk.isDrafting;

const take = (
  desk: Desk,
  chain: Chain,
  placement: Placement,
  { received, terms }: { readonly received: ReceivedFrame; readonly terms: Terms },
): Receipt => {
  const { author } = received;
  const limits = limitsOf(received, terms);
  const isSplit = placement === 'conflict';
  const examination = isSplit ? chain.split(received, limits) : chain.examine(received, limits);
  if (examination.kind === 'bad') return rejected(examination.field, examination.why);
  if (examination.kind === 'ahead') {
    return { verdict: 'held', why: 'ahead', author, aheadMs: examination.aheadMs };
  }
  if (examination.kind === 'over-quota') return held('quota');
  examination.take();
  desk.chains.keep(chain);
  return { verdict: isSplit ? 'forked' : 'taken', author };
};
