/**
 * Rule: generation — one generation of one author as it is held: its frames and the sub-document
 * that they make, and where it forks.
 *
 * 1. Of a generation in which the author signed two frames for one place only what comes before
 *    that place is held, so that all who know the two hold the same, whichever came first.
 * 2. Nothing comes before frame 0. Of two of those the one of the lower hash is held, alone.
 */
import type { Crypto } from '../ports.ts';
import { contentOf, inspect, type Passed, readSaid, type Said, within } from './content.ts';
import type { AuthorState, Entry, Tombstone } from './entry.ts';
import { type Frame, readFrame } from './frame.ts';
import { clientIdOf, type Known } from './gate.ts';
import { HLC_ZERO, type Hlc } from './hlc.ts';
import {
  entriesAfter,
  type Holdings,
  holdingsAfter,
  latestOf,
  NO_TALLY,
  type Tally,
  tallyAfter,
} from './holdings.ts';
import { finish, UNMETERED } from './meter.ts';

/** A frame and its name. */
export interface Link {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** Where an author signed two frames for one place, and these two: the proof. */
export interface Fork {
  readonly sequence: number;
  readonly frames: readonly [Link, Link];
}

/** What changes when a frame is taken. */
export interface Generation {
  readonly number: number;
  readonly links: Link[];
  /** What the gate has to know of the sub-document. */
  known: Known;
  /** What is live in it, in the order of writing. */
  live: readonly Said[];
  /** How much that is. */
  tally: Tally;
  latest: Hlc;
  bytes: number;
  fork: Fork | null;
  holdings: Holdings | null;
  /** What it says by path, sorted; the same list for as long as it is the same. */
  entries: readonly Entry[] | null;
  /** Carried deletions; the same list for as long as they are the same. */
  tombstones: readonly Tombstone[] | null;
  state: AuthorState | null;
}

/** The empty generation that a frame belongs to. */
export const openGeneration = (crypto: Crypto, frame: Frame): Generation => ({
  number: frame.generation,
  links: [],
  known: { client: clientIdOf(crypto, frame.author, frame.generation), clock: 0 },
  live: [],
  tally: NO_TALLY,
  latest: HLC_ZERO,
  bytes: 0,
  fork: null,
  holdings: null,
  entries: null,
  tombstones: null,
  state: null,
});

/** What a frame changes of what is live. */
export interface Step {
  readonly added: readonly Said[];
  readonly gone: readonly Said[];
  /** How much is live, and what the gate has to know, afterwards. */
  readonly tally: Tally;
  readonly known: Known;
}

/** What a body would change. */
export const stepOf = (
  { live, tally, known }: Generation,
  added: readonly Said[],
  { deletions, clock }: Passed,
): Step => {
  const gone = [...within(live, deletions), ...within(added, deletions)];
  return { added, gone, tally: tallyAfter(tally, added, gone), known: { ...known, clock } };
};

/** Applies what a body changes. */
export const applyTo = (into: Generation, step: Step): void => {
  const gone = new Set(step.gone);
  const all = [...into.live, ...step.added];
  into.live = gone.size === 0 ? all : all.filter((said) => !gone.has(said));
  into.tally = step.tally;
  into.known = step.known;
  follow(into, step);
  if (step.added.some(isBuried) || step.gone.some(isBuried)) into.tombstones = null;
  into.state = null;
};

/** A step that is longer is not followed: what it makes is gathered anew, in pieces. */
const FOLLOWED_MAX = 256;

/** Keeps up what was gathered, so that a word of who says much costs no more than that word. */
const follow = (into: Generation, step: Step): void => {
  const { holdings, entries } = into;
  const changed = [...step.gone, ...step.added];
  into.holdings =
    holdings === null || changed.length > FOLLOWED_MAX ? null : holdingsAfter(holdings, step);
  into.entries =
    into.holdings === null || entries === null
      ? null
      : entriesAfter(entries, into.holdings, new Set(changed.flatMap(pathsIn)));
};

const pathsIn = ({ read }: Said): readonly string[] =>
  read.ok && read.statement.kind === 'entry' ? [read.statement.entry.path] : [];

const isBuried = ({ read }: Said): boolean => read.ok && read.statement.kind === 'tombstone';

/** Freezes a generation at a fork: frames from there on count no more. Invariants 1 and 2. */
export const freeze = (generation: Generation, fork: Fork): void => {
  generation.links.length = Math.max(1, fork.sequence);
  generation.fork = fork;
  rebuild(generation);
  generation.latest = latestOf(generation.live);
  generation.bytes = generation.links.reduce((sum, { bytes }) => sum + bytes.length, 0);
};

/** Makes everything anew out of the frames. */
const rebuild = (generation: Generation): void => {
  const { links } = generation;
  generation.known = { ...generation.known, clock: 0 };
  generation.live = [];
  generation.tally = NO_TALLY;
  generation.holdings = null;
  generation.entries = null;
  generation.tombstones = null;
  generation.state = null;
  for (const { bytes } of links) {
    const read = readFrame(bytes);
    if (read.ok) replay(generation, read.frame.body);
  }
};

/** Applies a body, unless the gate refuses it. */
export const replay = (generation: Generation, body: Uint8Array): void => {
  const content = contentOf(body);
  const inspection = inspect(content, generation.known);
  if (!inspection.ok) return;
  const said = finish(readSaid(content, inspection, UNMETERED, () => 0));
  applyTo(generation, stepOf(generation, said, inspection));
};
