/**
 * Rule: writing — what this member says, as frames of its own.
 *
 * 1. A batch of edits is one frame. Its stamps are above everything that was seen. A batch that is
 *    too long for a frame is said in the first one of the next generation, which may be longer.
 * 2. Writing changes nothing: the caller makes the frame durable first, then commits it. While a
 *    frame is made in pieces, nothing else is written and no own frame is taken from others; who
 *    finds meanwhile that the key is used elsewhere, or takes it back, ends it.
 * 3. No place in the chain is ever used twice. When a frame may or may not be on disk, or own
 *    frames may be lost, the next one is the first of a new generation, which replaces them all;
 *    and there is none before one own frame is known, because it has to name what it replaces.
 */
import type { Head } from './chain.ts';
import { draft, type Hand, ownChain, refused, type WriteResult } from './drafting.ts';
import type { Edit } from './entry.ts';
import type { Statement } from './entry-bytes.ts';
import { clientIdOf } from './gate.ts';
import { followedHlc, isAhead, maxHlc } from './hlc.ts';
import { bytesOfId, type MemberId } from './ids.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import type { Desk } from './receiving.ts';
import {
  carriedStatements,
  latestStamp,
  type Occasion,
  placesOf,
  statementsOf,
  withoutOverwritten,
  withSalvage,
} from './saying.ts';
import { openPen, resumePen } from './subdocument.ts';

/** More frames than this in a generation, and its author starts the next. FORMATS, "Frames". */
const GENERATION_FRAMES_MAX = 1000;
/** So does one whose frames hold more garbage than this many times what is live… */
const GARBAGE_RATIO_MAX = 4;
/** …and this, bytes: an author that says little need not start anew after each few words. */
const GARBAGE_BYTES_MIN = 64 * 1024;

/** The writing half of a store. `wallMs`: this host's clock, ms since the epoch. */
export interface Writer {
  /**
   * One frame for a batch of edits; of two about one path the later counts. Edits that change
   * nothing are left out. Throws for what is no path or no value, and while a draft is open.
   */
  write(edits: readonly Edit[], wallMs: number): WriteResult;
  /** The first frame of the next generation: everything that is live, and lasting tombstones. */
  nextGeneration(wallMs: number): WriteResult;
  /**
   * `write`, or `nextGeneration` for null, in pieces of some ms. Until it is finished nothing else
   * is written.
   */
  inPieces(
    edits: readonly Edit[] | null,
    wallMs: number,
    meter: Meter,
  ): Generator<void, WriteResult>;
  /** Works out in pieces what a view needs of a long frame that was committed. */
  digestOwn(meter: Meter): Generator<void, void>;
  /** Whether `nextGeneration` is due: garbage, a clock that stepped back, doubt about the disk. */
  wantsGeneration(wallMs: number): boolean;
}

/** Opens the writer of a desk. */
export const openWriter = (desk: Desk): Writer => {
  const author = bytesOfId(desk.self.id);
  const hand: Hand = { desk, author, last: null, cancelled: null };
  return {
    write: (edits, wallMs) => finish(say(hand, { edits, wallMs }, UNMETERED)),
    nextGeneration: (wallMs) => finish(say(hand, { edits: null, wallMs }, UNMETERED)),
    inPieces: (edits, wallMs, meter) => say(hand, { edits, wallMs }, meter),
    digestOwn: (meter) => desk.chains.digest(ownChain(desk), meter),
    wantsGeneration: (wallMs) => lastOwn(hand) !== null && isGenerationDue(desk, wallMs),
  };
};

/** What is to be said; `edits` null: nothing new, in the next generation. */
interface Speech {
  readonly edits: readonly Edit[] | null;
  readonly wallMs: number;
}

function* say(hand: Hand, speech: Speech, meter: Meter): Generator<void, WriteResult> {
  const refusal = refusalOf(hand);
  if (refusal !== null) return refusal;
  const { desk } = hand;
  const { doubt, salvage } = desk;
  let result: WriteResult = { kind: 'nothing' };
  desk.isDrafting = true;
  try {
    result = yield* speak(hand, speech, meter);
    if (desk.doubt !== doubt || desk.salvage !== salvage) result = refused('lost', MEANWHILE);
  } finally {
    desk.isDrafting = result.kind === 'frame';
  }
  return result;
}

const MEANWHILE = 'it became doubtful meanwhile who writes with the key of this member';

function* speak(hand: Hand, speech: Speech, meter: Meter): Generator<void, WriteResult> {
  const { edits, wallMs } = speech;
  const replaced = lastOwn(hand);
  if (edits !== null && (hand.desk.doubt !== 'disk' || replaced === null)) {
    return yield* goOn(hand, edits, { wallMs, meter });
  }
  if (replaced === null) return { kind: 'nothing' };
  return yield* startGeneration(hand, { replaced, ...speech }, meter);
}

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
function* goOn(
  hand: Hand,
  edits: readonly Edit[],
  { wallMs, meter }: { readonly wallMs: number; readonly meter: Meter },
): Generator<void, WriteResult> {
  const { crypto, chains } = hand.desk;
  const own = ownChain(hand.desk);
  const head = own.head();
  const place =
    head === null
      ? { generation: 0, sequence: 0, previous: null }
      : { generation: head.generation, sequence: head.sequence + 1, previous: head.hash };
  const inForce = inForceIn(hand.desk);
  const stated = (): Generator<void, readonly Statement[]> => {
    const latest = maxHlc(own.latest(), followedHlc(chains.latest(own.author), wallMs));
    return statementsOf(crypto, edits, { ...inForce, own, latest, wallMs }, meter);
  };
  const early = yield* stated();
  if (early.length === 0) return { kind: 'nothing' };
  const known = hand.last !== null && hand.last.hash === head?.hash ? hand.last.pen : null;
  const client = clientIdOf(crypto, hand.author, place.generation);
  const pen = known ?? (yield* resumePen(client, own.bodies(), meter));
  const statements = known === null ? yield* stated() : early; // Others may be heard meanwhile.
  const deletions = yield* placesOf(crypto, own, statements, meter);
  const plan = { place, pen, deletions, unread: [], statements };
  const written = yield* draft(hand, plan, meter);
  const isTooLong = written.kind === 'refused' && written.limit === 'batch';
  return isTooLong && head !== null
    ? yield* startGeneration(hand, { replaced: head, edits, wallMs }, meter)
    : written;
}

/**
 * What a batch needs to know of what is in force. Who the operators are is asked once for all of
 * it: in a large mesh the view takes long.
 */
const inForceIn = ({ chains }: Desk): Pick<Occasion, 'winner' | 'operators'> => {
  let known: ReadonlySet<MemberId> | null = null;
  return { winner: chains.winner, operators: () => (known ??= chains.roles().operators) };
};

/** Frame 0 of the generation after `replaced`. */
function* startGeneration(
  hand: Hand,
  { replaced, edits, wallMs }: Speech & { readonly replaced: Head },
  meter: Meter,
): Generator<void, WriteResult> {
  const { crypto, chains } = hand.desk;
  const own = ownChain(hand.desk);
  const horizon = chains.latest(own.author);
  const live = carriedStatements(crypto, own, { horizon, wallMs });
  const { salvage } = hand.desk;
  const carried = salvage.length === 0 ? live : withSalvage(crypto, live, salvage);
  const latest = latestStamp(carried, followedHlc(horizon, wallMs));
  const occasion = { ...inForceIn(hand.desk), own, latest, wallMs };
  const said = yield* statementsOf(crypto, edits ?? [], occasion, meter);
  if (edits !== null && said.length === 0) return { kind: 'nothing' };
  const left = yield* withoutOverwritten(crypto, carried, said, meter);
  const generation = replaced.generation + 1;
  const previous = [replaced.generation, replaced.sequence, replaced.hash] as const;
  const plan = {
    place: { generation, sequence: 0, previous },
    pen: openPen(clientIdOf(crypto, hand.author, generation), null),
    deletions: [],
    unread: own.holdings().unreadable.map(({ content }) => content),
    statements: [...left, ...said],
  };
  if (meter.isDue(carried.length * CARRIED_MS)) yield;
  return yield* draft(hand, plan, meter);
}

/** Time to gather one statement for the next generation. Unit: ms, as measured. */
const CARRIED_MS = 0.0005;
