/**
 * Rule: chain — one author's frames in their order, and the sub-document that they make.
 *
 * 1. A frame is taken only right after the one that it names, or as the first of a later
 *    generation, which replaces the earlier one at once, whether or not we had all of it.
 * 2. A frame that is not taken changes nothing: the last good state stays.
 * 3. Two frames for one place freeze the author there: what comes before is what it says, and the
 *    two are the proof. Its next generation ends that.
 * 4. Signatures are checked before `examine` and `split`, by whoever calls them.
 */
import type { Crypto } from '../ports.ts';
import { isSameBytes } from './codec.ts';
import { type Content, placeOf } from './content.ts';
import type { AuthorState } from './entry.ts';
import {
  type Exam,
  type Examination,
  examineIn,
  type Limits,
  type Pace,
  prepareIn,
} from './examination.ts';
import { type Frame, readFrame } from './frame.ts';
import { freeze, type Generation, type Link, openGeneration } from './generation.ts';
import { HLC_ZERO, type Hlc } from './hlc.ts';
import { entriesOf, gatherHoldings, type Holdings, NO_TALLY, tombstonesOf } from './holdings.ts';
import type { MemberId } from './ids.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { hashOf, joinBytes } from './signed.ts';

/** A frame with what was worked out about it. */
export interface ReceivedFrame {
  readonly frame: Frame;
  readonly author: MemberId;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly content: Content;
  /** Whether its author signed it. */
  readonly isSigned: boolean;
}

/**
 * The last frame of an author that is held. Of a frozen one: the place where it forks, and
 * `frozenHashAt` of it.
 */
export interface Head {
  readonly author: MemberId;
  readonly generation: number;
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/**
 * Where a frame stands: `next` can be examined, `known` is held, replaced or after a fork, `gap`
 * lacks the frame that it names, `conflict` differs from the one that is held in its place.
 */
export type Placement = 'next' | 'known' | 'gap' | 'conflict';

/** How many frames and bytes a generation has, or several together. */
export interface Weight {
  readonly frames: number;
  readonly bytes: number;
}

export interface Chain {
  readonly author: MemberId;
  /** Null before the first frame was taken. */
  head(): Head | null;
  /** Frames of the current generation, in order. */
  frames(): readonly Uint8Array[];
  /** The frame with that number in the current generation, or null. */
  frameAt(sequence: number): Link | null;
  /** The two frames for one place, when the author is frozen; else none. */
  proof(): readonly Link[];
  /** Hash of the head of whoever holds the same frames, frozen at `sequence`; null: not known. */
  frozenHashAt(sequence: number): Uint8Array | null;
  place(received: ReceivedFrame): Placement;
  /** Reads in pieces what `examine` will look at. */
  prepare(received: ReceivedFrame, limits: Limits, pace: Pace): Generator<void, void>;
  /** Judges a frame whose place is `next`. `take` is good for as long as the chain is the same. */
  examine(received: ReceivedFrame, limits: Limits): Examination;
  /** The same for a frame whose place is `conflict`: to take it freezes the author. */
  split(received: ReceivedFrame, limits: Limits): Examination;
  holdings(): Holdings;
  /** The place among all that is live of what stands at a clock. */
  placeOf(clock: number): number;
  /** Works out in pieces what `holdings` and `state` will be. */
  digest(meter: Meter): Generator<void, void>;
  state(): AuthorState;
  /** Highest stamp of the current generation, deleted statements included. */
  latest(): Hlc;
  weight(): Weight;
  /** The updates of the current generation, for a pen that goes on from there. */
  bodies(): readonly Uint8Array[];
}

/** Opens an author's empty chain. */
export const openChain = (crypto: Crypto, author: MemberId): Chain => {
  let generation: Generation | null = null;
  const examOf = (received: ReceivedFrame, limits: Limits): Exam => ({
    received,
    limits,
    tally: generation?.tally ?? NO_TALLY,
  });
  const judge = (into: Generation, received: ReceivedFrame, limits: Limits, onTaken: () => void) =>
    examineIn(into, examOf(received, limits), onTaken);
  return {
    author,
    head: () => (generation === null ? null : headOf(crypto, author, generation)),
    frames: () => generation?.links.map((link) => link.bytes) ?? [],
    frameAt: (sequence) => generation?.links[sequence] ?? null,
    proof: () => generation?.fork?.frames ?? [],
    frozenHashAt: (sequence) => frozenHashAt(crypto, generation, sequence),
    place: (received) => placeIn(generation, received),
    prepare: function* (received, limits, pace) {
      const into = goneOnFrom(crypto, generation, received);
      if (into !== null) yield* prepareIn(into, examOf(received, limits), pace);
    },
    examine: (received, limits) => {
      const isFirst = generation?.number !== received.frame.generation;
      const into =
        isFirst || generation === null ? openGeneration(crypto, received.frame) : generation;
      return judge(into, received, limits, () => {
        generation = into;
      });
    },
    split: (received, limits) => {
      if (generation === null) throw new Error('an empty chain has no frame to differ from');
      if (received.frame.sequence > 0) return freezeBefore(generation, received);
      const into = openGeneration(crypto, received.frame);
      const held = generation;
      return judge(into, received, limits, () => {
        generation = lowerOf(held, into);
      });
    },
    holdings: () => holdingsIn(generation),
    placeOf: (clock) => placeOf(generation?.live ?? [], clock),
    digest: (meter) => gather(generation, meter),
    state: () => stateIn(author, generation),
    latest: () => generation?.latest ?? HLC_ZERO,
    weight: () => weightOf(generation),
    bodies: () => generation?.links.flatMap(bodyOf) ?? [],
  };
};

const NO_HOLDINGS = finish(gatherHoldings([], NO_TALLY, UNMETERED));

const holdingsIn = (generation: Generation | null): Holdings => {
  if (generation === null) return NO_HOLDINGS;
  const { live, tally } = generation;
  generation.holdings ??= finish(gatherHoldings(live, tally, UNMETERED));
  return generation.holdings;
};

function* gather(generation: Generation | null, meter: Meter): Generator<void, void> {
  if (generation === null || generation.holdings !== null) return;
  const { live, tally } = generation;
  const holdings = yield* gatherHoldings(live, tally, meter);
  // Others may have gone on meanwhile.
  if (generation.live === live) generation.holdings ??= holdings;
}

/** The generation that a frame may go on from. */
const goneOnFrom = (
  crypto: Crypto,
  generation: Generation | null,
  { frame }: ReceivedFrame,
): Generation | null => {
  if (frame.sequence === 0) return openGeneration(crypto, frame);
  // What stands in an earlier place is the proof of a fork: what it says does not count.
  return frame.sequence === generation?.links.length ? generation : null;
};

const stateIn = (author: MemberId, generation: Generation | null): AuthorState => {
  if (generation === null) return { author, entries: [], tombstones: [] };
  generation.state ??= stateOf(author, generation);
  return generation.state;
};

const stateOf = (author: MemberId, generation: Generation): AuthorState => {
  const holdings = holdingsIn(generation);
  generation.tombstones ??= tombstonesOf(holdings);
  generation.entries ??= entriesOf(holdings);
  const { entries, tombstones, fork } = generation;
  const state = { author, entries, tombstones };
  return fork === null ? state : { ...state, isForked: true };
};

const headOf = (crypto: Crypto, author: MemberId, generation: Generation): Head | null => {
  const { number, links, fork } = generation;
  const sequence = fork?.sequence ?? links.length - 1;
  const hash =
    fork === null ? links[sequence]?.hash : frozenHashAt(crypto, generation, fork.sequence);
  return hash === undefined || hash === null
    ? null
    : { author, generation: number, sequence, hash };
};

const frozenHashAt = (crypto: Crypto, generation: Generation | null, sequence: number) => {
  const before = generation?.links[Math.max(0, sequence - 1)];
  if (before === undefined) return null;
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, sequence);
  return hashOf(crypto, 'frozen', joinBytes(before.hash, place));
};

const weightOf = (generation: Generation | null): Weight => {
  if (generation === null) return { frames: 0, bytes: 0 };
  const { links, bytes, fork } = generation;
  const proof = fork?.frames ?? [];
  return {
    frames: links.length + proof.length,
    bytes: proof.reduce((sum, link) => sum + link.bytes.length, bytes),
  };
};

const placeIn = (current: Generation | null, { frame, hash }: ReceivedFrame): Placement => {
  if (current === null || frame.generation > current.number) {
    return frame.sequence === 0 ? 'next' : 'gap';
  }
  if (frame.generation < current.number) return 'known';
  const { fork, links } = current;
  if (fork !== null && frame.sequence >= links.length) return 'known';
  const held = links[frame.sequence];
  if (held !== undefined) {
    if (isSameBytes(held.hash, hash)) return 'known';
    return fork?.sequence === 0 && isLower(held.hash, hash) ? 'known' : 'conflict';
  }
  const before = links[frame.sequence - 1];
  const isNext =
    before !== undefined &&
    frame.previous instanceof Uint8Array &&
    isSameBytes(before.hash, frame.previous);
  return isNext ? 'next' : 'gap';
};

const isLower = (a: Uint8Array, b: Uint8Array): boolean => {
  const index = a.findIndex((byte, at) => byte !== b[at]);
  return index >= 0 && (a[index] ?? 0) < (b[index] ?? 0);
};

const linkOf = ({ bytes, hash }: ReceivedFrame): Link => ({ bytes: bytes.slice(), hash });

/** What the frame says does not count, so nothing of it is judged. */
const freezeBefore = (generation: Generation, received: ReceivedFrame): Examination => {
  const { sequence } = received.frame;
  const held = generation.links[sequence];
  if (held === undefined) throw new Error('there is no frame that it differs from');
  return {
    kind: 'good',
    take: () => freeze(generation, { sequence, frames: [held, linkOf(received)] }),
  };
};

const bodyOf = ({ bytes }: Link): readonly Uint8Array[] => {
  const read = readFrame(bytes);
  return read.ok ? [read.frame.body] : [];
};

/** Of two generations that differ in their first frame the one that holds, frozen at that frame. */
const lowerOf = (held: Generation, other: Generation): Generation => {
  const [ours] = held.links;
  const [theirs] = other.links;
  if (ours === undefined || theirs === undefined) return held;
  const [lower, first, second] = isLower(ours.hash, theirs.hash)
    ? [held, ours, theirs]
    : [other, theirs, ours];
  freeze(lower, { sequence: 0, frames: [first, second] });
  return lower;
};
