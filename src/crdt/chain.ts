/**
 * Rule: chain — one author's frames in their order, and the sub-document that they make.
 *
 * 1. A frame is taken only right after the one that it names, or as the first of a later
 *    generation, which replaces the earlier one at once, whether or not we had all of it.
 * 2. A frame that is not taken changes nothing: the last good state stays.
 * 3. Signatures are checked before `examine`, by whoever calls it.
 */
import type { Crypto } from '../ports.ts';
import { isSameBytes } from './codec.ts';
import type { AuthorState } from './entry.ts';
import type { ReadStatement } from './entry-bytes.ts';
import { type Frame, readFrame } from './frame.ts';
import { clientIdOf, inspectUpdate } from './gate.ts';
import { HLC_ZERO, type Hlc, isAhead, maxHlc } from './hlc.ts';
import {
  type Holdings,
  holdingsOf,
  latestOf,
  NODE_QUOTA,
  OPERATOR_QUOTA,
  openReading,
  overQuota,
  type Quota,
  stateOf,
  type Tally,
  tallyOf,
} from './holdings.ts';
import type { MemberId } from './ids.ts';
import { openSubdocument, type Subdocument } from './subdocument.ts';

/** A frame with what was worked out about it. */
export interface ReceivedFrame {
  readonly frame: Frame;
  readonly author: MemberId;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** The last frame of an author that is held. */
export interface Head {
  readonly author: MemberId;
  readonly generation: number;
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/**
 * Where a frame stands: `next` can be examined, `known` is held or replaced, `gap` lacks the frame
 * that it names, `conflict` differs from the one that is held in its place.
 */
export type Placement = 'next' | 'known' | 'gap' | 'conflict';

/**
 * What a frame is measured by. `wallMs` null: whatever its stamps are. `quota` is asked only about
 * an author that says more than a node may.
 */
export interface Limits {
  readonly wallMs: number | null;
  readonly quota: () => Quota;
}

/**
 * What a frame in its place is worth. `over-quota`: over the author's own, not over everybody's, or
 * too much in one generation: its author can go on with the next.
 * `take` is false when the frame was not taken after all, because Yjs did not take its body.
 */
export type Examination =
  | { readonly kind: 'good'; readonly take: () => boolean }
  | { readonly kind: 'bad'; readonly field: 'structure' | 'quota'; readonly why: string }
  | { readonly kind: 'ahead'; readonly aheadMs: number; readonly why: string }
  | { readonly kind: 'over-quota'; readonly why: string };

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
  frameAt(sequence: number): { readonly bytes: Uint8Array; readonly hash: Uint8Array } | null;
  place(received: ReceivedFrame): Placement;
  /** Judges a frame whose place is `next`. `take` is good for as long as the chain is the same. */
  examine(received: ReceivedFrame, limits: Limits): Examination;
  holdings(): Holdings;
  state(): AuthorState;
  /** Highest stamp of the current generation, deleted statements included. */
  latest(): Hlc;
  weight(): Weight;
  /** The current sub-document as one update for a pen, or null before the first frame. */
  encode(): Uint8Array | null;
}

interface Link {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** What changes when a frame is taken. */
interface Generation {
  readonly number: number;
  readonly links: Link[];
  document: Subdocument;
  latest: Hlc;
  bytes: number;
  /** Not less than what is held: deletions count when it would be over a quota. */
  tallyMost: Tally;
  holdings: Holdings | null;
  state: AuthorState | null;
}

const NOTHING: Tally = { keys: 0, tombstones: 0, bytes: 0 };

/** Most frames of a generation that are taken: 4 times what its author's own writer makes. */
const FRAMES_MAX = 4_000;
/**
 * Most bytes of a generation that are taken, as a multiple of what may be live in it. A writer goes
 * to 5 times what is live, and one frame further.
 */
const BYTES_RATIO = 6;

/** Opens an author's empty chain. */
export const openChain = (crypto: Crypto, author: MemberId): Chain => {
  const reading = openReading();
  let generation: Generation | null = null;
  const holdings = (): Holdings => {
    if (generation === null) return holdingsOf([], reading);
    generation.holdings ??= holdingsOf(generation.document.contents(), reading);
    return generation.holdings;
  };
  return {
    author,
    head: () => (generation === null ? null : headOf(author, generation)),
    frames: () => generation?.links.map((link) => link.bytes) ?? [],
    frameAt: (sequence) => generation?.links[sequence] ?? null,
    place: (received) => placeIn(generation, received),
    examine: (received, limits) => {
      const isFirst = generation?.number !== received.frame.generation;
      const into = isFirst || generation === null ? openGeneration(crypto, received) : generation;
      const contents = () => generation?.document.contents() ?? [];
      return examineIn(into, { received, limits, reading, contents }, () => {
        generation = into;
      });
    },
    holdings,
    state: () => {
      if (generation === null) return stateOf(author, holdings());
      generation.state ??= stateOf(author, holdings());
      return generation.state;
    },
    latest: () => generation?.latest ?? HLC_ZERO,
    weight: () => ({ frames: generation?.links.length ?? 0, bytes: generation?.bytes ?? 0 }),
    encode: () => generation?.document.encode() ?? null,
  };
};

const openGeneration = (crypto: Crypto, { frame }: ReceivedFrame): Generation => ({
  number: frame.generation,
  links: [],
  document: openSubdocument(clientIdOf(crypto, frame.author, frame.generation), null),
  latest: HLC_ZERO,
  bytes: 0,
  tallyMost: NOTHING,
  holdings: null,
  state: null,
});

const headOf = (author: MemberId, generation: Generation): Head | null => {
  const sequence = generation.links.length - 1;
  const link = generation.links[sequence];
  return link === undefined
    ? null
    : { author, generation: generation.number, sequence, hash: link.hash };
};

const placeIn = (current: Generation | null, { frame, hash }: ReceivedFrame): Placement => {
  if (current === null || frame.generation > current.number) {
    return frame.sequence === 0 ? 'next' : 'gap';
  }
  if (frame.generation < current.number) return 'known';
  const held = current.links[frame.sequence];
  if (held !== undefined) return isSameBytes(held.hash, hash) ? 'known' : 'conflict';
  const before = current.links[frame.sequence - 1];
  const isNext =
    before !== undefined &&
    frame.previous instanceof Uint8Array &&
    isSameBytes(before.hash, frame.previous);
  return isNext ? 'next' : 'gap';
};

interface Exam {
  readonly received: ReceivedFrame;
  readonly limits: Limits;
  readonly reading: (content: Uint8Array) => ReadStatement;
  /** What is live now, in the generation before when the frame starts one. */
  readonly contents: () => readonly Uint8Array[];
}

const examineIn = (into: Generation, exam: Exam, onTaken: () => void): Examination => {
  const { received, limits, reading } = exam;
  const inspection = inspectUpdate(received.frame.body, into.document.known());
  if (!inspection.ok) return { kind: 'bad', field: 'structure', why: inspection.why };
  const added = inspection.additions.map(reading);
  const latest = latestOf(added);
  if (limits.wallMs !== null && isAhead(latest, limits.wallMs)) {
    const aheadMs = latest[0] - limits.wallMs;
    return { kind: 'ahead', aheadMs, why: `its clock is ${aheadMs} ms ahead of ours` };
  }
  const heavy = tooHeavy(into, exam);
  if (heavy !== null) return { kind: 'over-quota', why: heavy };
  const { tally, over } = tallyAfter(into, exam, inspection.additions);
  if (over !== null) return over;
  return {
    kind: 'good',
    take: () => {
      if (!applyTo(into, received)) return false;
      const { bytes, hash } = received;
      into.links.push({ bytes: bytes.slice(), hash });
      into.latest = maxHlc(into.latest, latest);
      into.tallyMost = tally;
      into.bytes += bytes.length;
      into.holdings = null;
      into.state = null;
      onTaken();
      return true;
    },
  };
};

/** Applies a frame's body, or leaves the document as it was. */
const applyTo = (into: Generation, { frame }: ReceivedFrame): boolean => {
  if (into.document.apply(frame.body)) return true;
  // The gate let something through that Yjs does not take, and applying is not atomic.
  into.document = openSubdocument(into.document.known().client, null);
  for (const link of into.links) {
    const read = readFrame(link.bytes);
    if (read.ok) into.document.apply(read.frame.body);
  }
  return false;
};

/** Why a generation would be too heavy with the frame, however little of it is live. */
const tooHeavy = (into: Generation, { received, limits, reading, contents }: Exam) => {
  const frames = into.links.length + 1;
  if (frames > FRAMES_MAX) return `${frames} frames in a generation, at most ${FRAMES_MAX} fit`;
  const bytes = into.bytes + received.bytes.length;
  if (bytes <= BYTES_RATIO * NODE_QUOTA.bytes) return null;
  if (bytes <= BYTES_RATIO * limits.quota().bytes) return null;
  // An operator no more may hold too much: it goes by that, as its own writer does.
  const most = BYTES_RATIO * Math.max(limits.quota().bytes, tallyOf(contents(), reading).bytes);
  return bytes > most ? `${bytes} bytes in a generation, at most ${most} fit` : null;
};

/**
 * What is held after the frame, or why that is over a quota. A copy is made only when it may be.
 */
const tallyAfter = (
  into: Generation,
  { received, limits, reading, contents }: Exam,
  additions: readonly Uint8Array[],
): { readonly tally: Tally; readonly over: Examination | null } => {
  const most = addTallies(into.tallyMost, tallyOf(additions, reading));
  if (overQuota(most, NODE_QUOTA) === null) return { tally: most, over: null };
  const quota = limits.quota();
  if (overQuota(most, quota) === null) return { tally: most, over: null };
  const copy = openSubdocument(into.document.known().client, into.document.encode());
  copy.apply(received.frame.body);
  const tally = tallyOf(copy.contents(), reading);
  const hard = overQuota(tally, OPERATOR_QUOTA);
  if (hard !== null) return { tally, over: { kind: 'bad', field: 'quota', why: hard } };
  // An operator no more may hold too much: it may still say less.
  const own = overQuota(tally, highestOf(quota, tallyOf(contents(), reading)));
  return { tally, over: own === null ? null : { kind: 'over-quota', why: own } };
};

const highestOf = (a: Tally, b: Tally): Tally => ({
  keys: Math.max(a.keys, b.keys),
  tombstones: Math.max(a.tombstones, b.tombstones),
  bytes: Math.max(a.bytes, b.bytes),
});

const addTallies = (a: Tally, b: Tally): Tally => ({
  keys: a.keys + b.keys,
  tombstones: a.tombstones + b.tombstones,
  bytes: a.bytes + b.bytes,
});
