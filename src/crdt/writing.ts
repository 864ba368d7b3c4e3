/**
 * Rule: writing — what this member says, as frames of its own.
 *
 * 1. A batch of edits is one frame. Its stamps are above everything that was seen. A batch that is
 *    too long for a frame is said in the first one of the next generation, which may be longer.
 * 2. Writing changes nothing: the caller makes the frame durable first, then commits it.
 * 3. No place in the chain is ever used twice. When a frame may or may not be on disk, or own
 *    frames may be lost, the next one is the first of a new generation, which replaces them all;
 *    and there is none before one own frame is known, because it has to name what it replaces.
 */
import type { Chain, Head } from './chain.ts';
import type { Edit } from './entry.ts';
import { encodeStatement, STATEMENT_BYTES_MAX, type Statement } from './entry-bytes.ts';
import { type FrameContent, makeFrame } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { followedHlc, isAhead, maxHlc } from './hlc.ts';
import type { Quota } from './holdings.ts';
import { bytesOfId } from './ids.ts';
import { type Desk, type Receipt, receivedOf } from './receiving.ts';
import {
  carriedStatements,
  latestStamp,
  placesOf,
  statementsOf,
  withoutOverwritten,
  withSalvage,
} from './saying.ts';
import { openPen, type Pen } from './subdocument.ts';

/** More frames than this in a generation, and its author starts the next. Reliability §1.2. */
const GENERATION_FRAMES_MAX = 1000;
/** So does one whose frames hold more garbage than this many times what is live… */
const GARBAGE_RATIO_MAX = 4;
/** …and this, bytes: an author that says little need not start anew after each few words. */
const GARBAGE_BYTES_MIN = 64 * 1024;

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

/** The writing half of a store. `wallMs`: this host's clock, ms since the epoch. */
export interface Writer {
  /**
   * One frame for a batch of edits; of two about one path the later counts. Edits that change
   * nothing are left out. Throws for what is no path or no value, and while a draft is open.
   */
  write(edits: readonly Edit[], wallMs: number): WriteResult;
  /** The first frame of the next generation: everything that is live, and lasting tombstones. */
  nextGeneration(wallMs: number): WriteResult;
  /** Whether `nextGeneration` is due: garbage, a clock that stepped back, doubt about the disk. */
  wantsGeneration(wallMs: number): boolean;
}

/** What the writer remembers between frames. */
interface Hand {
  readonly desk: Desk;
  readonly author: Uint8Array;
  /** The pen of the last frame, and that frame's hash: it goes on only from there. */
  last: { readonly pen: Pen; readonly hash: Uint8Array } | null;
  /** The last own frame, when it was cancelled. */
  cancelled: Head | null;
}

/** Opens the writer of a desk. */
export const openWriter = (desk: Desk): Writer => {
  const author = bytesOfId(desk.self.id);
  const hand: Hand = { desk, author, last: null, cancelled: null };
  return {
    write: (edits, wallMs) => {
      const refusal = refusalOf(hand);
      if (refusal !== null) return refusal;
      const replaced = lastOwn(hand);
      return desk.doubt === 'disk' && replaced !== null
        ? startGeneration(hand, replaced, { edits, wallMs })
        : goOn(hand, edits, wallMs);
    },
    nextGeneration: (wallMs) => {
      const refusal = refusalOf(hand);
      if (refusal !== null) return refusal;
      const replaced = lastOwn(hand);
      if (replaced === null) return { kind: 'nothing' };
      return startGeneration(hand, replaced, { edits: null, wallMs });
    },
    wantsGeneration: (wallMs) => lastOwn(hand) !== null && isGenerationDue(desk, wallMs),
  };
};

const refused = (limit: WriteLimit, why: string): WriteResult => ({ kind: 'refused', limit, why });

const ownChain = ({ chains, self }: Desk): Chain => chains.of(self.id);

const lastOwn = ({ desk, cancelled }: Hand): Head | null => cancelled ?? ownChain(desk).head();

const refusalOf = (hand: Hand): WriteResult | null => {
  const { doubt, isDrafting } = hand.desk;
  if (isDrafting) throw new Error('the draft before is neither committed nor cancelled');
  const clone = 'another VM uses the key of this member, or the disk of this one is an older copy';
  if (doubt === 'elsewhere') return refused('elsewhere', clone);
  // Which places of the chain are used nobody here knows, and one used twice is a fork.
  const last = lastOwn(hand);
  if (doubt === 'disk' && (last === null || last.generation < hand.desk.ownSeen)) {
    return refused(
      'lost',
      'what this member said is lost from its disk, and did not come back yet',
    );
  }
  return null;
};

const isGenerationDue = (desk: Desk, wallMs: number): boolean => {
  if (desk.doubt !== null) return desk.doubt === 'disk';
  const own = ownChain(desk);
  const { frames, bytes } = own.weight();
  const live = own.holdings().tally.bytes;
  const garbage = bytes - live;
  const isHeavy = garbage > GARBAGE_BYTES_MIN && garbage > GARBAGE_RATIO_MAX * live;
  const [othersMs] = desk.chains.latest(own.author);
  return (
    frames > GENERATION_FRAMES_MAX || isHeavy || isAhead(own.latest(), Math.max(wallMs, othersMs))
  );
};

/** The next frame of the current generation; the very first frame when there is none. */
const goOn = (hand: Hand, edits: readonly Edit[], wallMs: number): WriteResult => {
  const { crypto, chains } = hand.desk;
  const own = ownChain(hand.desk);
  const others = followedHlc(chains.latest(own.author), wallMs);
  const latest = maxHlc(own.latest(), others);
  const occasion = { own, winner: chains.winner, latest, wallMs };
  const statements = statementsOf(crypto, edits, occasion);
  if (statements.length === 0) return { kind: 'nothing' };
  const head = own.head();
  const place =
    head === null
      ? { generation: 0, sequence: 0, previous: null }
      : { generation: head.generation, sequence: head.sequence + 1, previous: head.hash };
  const pen = hand.last !== null && hand.last.hash === head?.hash ? hand.last.pen : null;
  const written = draft(hand, {
    place,
    pen: pen ?? openPen(clientIdOf(crypto, hand.author, place.generation), own.encode()),
    deletions: placesOf(crypto, own, statements),
    unread: [],
    statements,
  });
  const isTooLong = written.kind === 'refused' && written.limit === 'batch';
  return isTooLong && head !== null ? startGeneration(hand, head, { edits, wallMs }) : written;
};

/** Frame 0 of the generation after `replaced`. `edits` null: nothing new is said in it. */
const startGeneration = (
  hand: Hand,
  replaced: Head,
  { edits, wallMs }: { readonly edits: readonly Edit[] | null; readonly wallMs: number },
): WriteResult => {
  const { crypto, chains } = hand.desk;
  const own = ownChain(hand.desk);
  const horizon = chains.latest(own.author);
  const live = carriedStatements(crypto, own, { horizon, wallMs });
  const { salvage } = hand.desk;
  const carried = salvage.length === 0 ? live : withSalvage(crypto, live, salvage);
  const latest = latestStamp(carried, followedHlc(horizon, wallMs));
  const said = statementsOf(crypto, edits ?? [], { own, winner: chains.winner, latest, wallMs });
  if (edits !== null && said.length === 0) return { kind: 'nothing' };
  const generation = replaced.generation + 1;
  const previous = [replaced.generation, replaced.sequence, replaced.hash] as const;
  return draft(hand, {
    place: { generation, sequence: 0, previous },
    pen: openPen(clientIdOf(crypto, hand.author, generation), null),
    deletions: [],
    unread: own.holdings().unreadable.map(({ content }) => content),
    statements: [...withoutOverwritten(crypto, carried, said), ...said],
  });
};

/** A frame to be: where it stands and what it says. */
interface Plan {
  readonly place: Pick<FrameContent, 'generation' | 'sequence' | 'previous'>;
  readonly pen: Pen;
  readonly deletions: readonly number[];
  /** Contents that a later version of this program said, as they were. */
  readonly unread: readonly Uint8Array[];
  readonly statements: readonly Statement[];
}

const draft = (hand: Hand, plan: Plan): WriteResult => {
  const { place, pen, deletions, unread, statements } = plan;
  const { crypto, mesh, self } = hand.desk;
  const additions = statements.map(encodeStatement);
  const longest = additions.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > STATEMENT_BYTES_MAX) {
    return refused('value', `a value takes ${longest} bytes, at most ${STATEMENT_BYTES_MAX} fit`);
  }
  // From here on the pen is ahead of the chain, and of use again only after a commit.
  hand.last = null;
  const body = pen.write(deletions, [...unread, ...additions]);
  const content = { mesh, author: hand.author, ...place, body };
  const bytes = makeFrame(crypto, self.seed, content);
  const received = receivedOf(crypto, bytes);
  if ('verdict' in received) return refused('batch', `the batch ${whyRejected(received)}`);
  const own = ownChain(hand.desk);
  const quota = (): Quota => hand.desk.chains.roles().quotaOf(own.author);
  const examination = own.examine(received, { wallMs: null, quota });
  if (examination.kind !== 'good') {
    return refused('quota', `${self.id} would say ${examination.why}`);
  }
  const { generation, sequence } = place;
  const head = { author: self.id, generation, sequence, hash: received.hash };
  return openDraft(hand, { own, pen, bytes, head, take: examination.take });
};

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
  desk.isDrafting = true;
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
