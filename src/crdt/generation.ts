/**
 * Rule: generation — one generation of one author as it is held: its frames and the sub-document
 * that they make, and where it forks.
 *
 * 1. Of a generation in which the author signed two frames for one place only what comes before
 *    that place is held, so that all who know the two hold the same, whichever came first.
 * 2. Nothing comes before frame 0. Of two of those the one of the lower hash is held, alone.
 */
import type { Crypto } from '../ports.ts';
import type { AuthorState } from './entry.ts';
import { type Frame, readFrame } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { HLC_ZERO, type Hlc } from './hlc.ts';
import { type Holdings, latestOf, type Reading, type Tally, tallyOf } from './holdings.ts';
import { openSubdocument, type Subdocument } from './subdocument.ts';

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
  document: Subdocument;
  latest: Hlc;
  bytes: number;
  /** Not less than what is held: deletions count when it would be over a quota. */
  tallyMost: Tally;
  fork: Fork | null;
  holdings: Holdings | null;
  state: AuthorState | null;
}

const NOTHING: Tally = { keys: 0, tombstones: 0, bytes: 0 };

/** The empty generation that a frame belongs to. */
export const openGeneration = (crypto: Crypto, frame: Frame): Generation => ({
  number: frame.generation,
  links: [],
  document: openSubdocument(clientIdOf(crypto, frame.author, frame.generation), null),
  latest: HLC_ZERO,
  bytes: 0,
  tallyMost: NOTHING,
  fork: null,
  holdings: null,
  state: null,
});

/** Applies a frame's body, or leaves the document as it was. */
export const applyTo = (into: Generation, { body }: Frame): boolean => {
  if (into.document.apply(body)) return true;
  // The gate let something through that Yjs does not take, and applying is not atomic.
  rebuild(into);
  return false;
};

/** Freezes a generation at a fork: frames from there on count no more. Invariants 1 and 2. */
export const freeze = (generation: Generation, fork: Fork, reading: Reading): void => {
  generation.links.length = Math.max(1, fork.sequence);
  generation.fork = fork;
  rebuild(generation);
  const contents = generation.document.contents();
  generation.latest = latestOf(contents.map(reading));
  generation.tallyMost = tallyOf(contents, reading);
  generation.bytes = generation.links.reduce((sum, { bytes }) => sum + bytes.length, 0);
  generation.holdings = null;
  generation.state = null;
};

const rebuild = (generation: Generation): void => {
  generation.document = openSubdocument(generation.document.known().client, null);
  for (const { bytes } of generation.links) {
    const read = readFrame(bytes);
    if (read.ok) generation.document.apply(read.frame.body);
  }
};
