/**
 * Loop: words desk — what the parts of the loop of words share, and how they tell a neighbour
 * something.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { type Buckets, createBuckets } from './rules/bucket.ts';
import { createMutes, MUTE_MS, type Mutes } from './rules/mutes.ts';
import {
  batchesOf,
  createWordSigner,
  encodeWords,
  headsToTell,
  type Speaker,
  type Word,
  type WordPlace,
  type WordSigner,
  type WordsMessage,
} from './rules/word-message.ts';
import { createWordShelf, type WordShelf } from './rules/word-shelf.ts';
import { createWake, type Wake } from './wake.ts';

/** Where words travel. */
export const WORDS_CHANNEL = 'words';
/** Words that this member says at once, and per second after that. */
const SAID_BURST = 8;
const SAID_PER_SECOND = 1;
/** Words that are taken of one author: twice as many, for they may come in a heap. */
const TAKEN_BURST = 16;
const TAKEN_PER_SECOND = 2;
/** Bytes that are read of one neighbour: all words of a large mesh at once, then a few of them. */
const HEARD_BURST = 4 * 1_024 * 1_024;
const HEARD_PER_SECOND = 256 * 1_024;
/** Bytes that answer comparisons of one neighbour: they are few, and answers many. */
const ANSWERED_BURST = HEARD_BURST;
const ANSWERED_PER_SECOND = HEARD_PER_SECOND;
/** Messages of words that answer one comparison: a line holds 16. The rest is asked for again. */
const ANSWER_BATCHES_MAX = 8;
/** Time until a comparison makes good what was just left out. Unit: ms. */
const SOON_MS = 2_000;

/** The ports that it sees the world through. */
export type WordPorts = Pick<Ports, 'clock' | 'random' | 'crypto' | 'log'>;

/** What words need to know of the rest of the node. */
export interface WordContext extends Speaker {
  /** Which of its lives this daemon is. */
  readonly life: number;
  readonly view: () => View;
}

/** What the parts share. */
export interface Desk {
  readonly ports: WordPorts;
  readonly context: WordContext;
  readonly signer: WordSigner;
  readonly shelf: WordShelf;
  readonly wake: Wake;
  readonly listeners: Set<() => void>;
  /** What this member says now, and of which services that is not on its way yet. */
  readonly spoken: Map<string, string>;
  readonly pending: Set<string>;
  /** The last that it said. */
  place: WordPlace;
  readonly said: Buckets;
  readonly taken: Buckets;
  readonly heard: Buckets;
  readonly answered: Buckets;
  readonly mutes: Mutes;
  /** With whom to compare soon, and from when on, monotonic ms. */
  readonly behind: Map<PeerKey, number>;
  /** With whom to compare when the view is another: one of us did not know somebody yet. */
  readonly owed: Set<PeerKey>;
  /** Those who were connected at the last look. */
  readonly linked: Set<PeerKey>;
  swarm: SwarmNode | null;
}

/** A desk with nothing on it. */
export const openDesk = (ports: WordPorts, context: WordContext): Desk => ({
  ports,
  context,
  signer: createWordSigner(ports.crypto, context),
  shelf: createWordShelf(),
  wake: createWake(ports.clock),
  listeners: new Set(),
  spoken: new Map(),
  pending: new Set(),
  place: { life: context.life, sequence: 0 },
  said: createBuckets(SAID_BURST, SAID_PER_SECOND),
  taken: createBuckets(TAKEN_BURST, TAKEN_PER_SECOND),
  heard: createBuckets(HEARD_BURST, HEARD_PER_SECOND),
  answered: createBuckets(ANSWERED_BURST, ANSWERED_PER_SECOND),
  mutes: createMutes(),
  behind: new Map(),
  owed: new Set(),
  linked: new Set(),
  swarm: null,
});

/** Whether whoever has this key is in the mesh, as this member sees it. */
export const isMember = ({ context }: Desk, peer: PeerKey): boolean =>
  context.view().members.some(({ id, hasLeft }) => id === peer && !hasLeft);

/** Passes words on to all who are connected, but to whoever brought them. */
export function spread(desk: Desk, words: readonly Word[], from: PeerKey | null): void {
  if (words.length === 0) return;
  for (const { peer } of desk.swarm?.connections() ?? []) {
    const news = words.filter(({ author }) => author !== peer);
    if (peer === from || !isMember(desk, peer)) continue;
    give(desk, peer, news);
  }
}

/** Who could not be told is compared with soon. Gives how many bytes it was. */
function send(desk: Desk, peer: PeerKey, message: WordsMessage): number {
  const bytes = encodeWords(message);
  if (desk.swarm?.send(peer, WORDS_CHANNEL, bytes) === false) later(desk, peer);
  return bytes.length;
}

/** Compares with a peer in a while. */
export function later({ behind, wake, ports, swarm }: Desk, peer: PeerKey): void {
  if (behind.has(peer) || !swarm?.connections().some((each) => each.peer === peer)) return;
  behind.set(peer, ports.clock.monotonicMs() + SOON_MS);
  wake.mark();
}

/** Tells a peer which words there are here, in so many bytes. */
export function compare(desk: Desk, peer: PeerKey, isAnswer: boolean): number {
  desk.behind.delete(peer);
  return send(desk, peer, { kind: 'heads', heads: headsToTell(desk.shelf.all()), isAnswer });
}

/**
 * Gives a peer words, in so many bytes; with what is too much at once it is told that there is
 * more.
 */
export function give(desk: Desk, peer: PeerKey, words: readonly Word[]): number {
  const batches = batchesOf(words);
  let bytes = 0;
  for (const [index, batch] of batches.slice(0, ANSWER_BATCHES_MAX).entries()) {
    const hasMore = index === ANSWER_BATCHES_MAX - 1 && batches.length > ANSWER_BATCHES_MAX;
    bytes += send(desk, peer, { kind: 'words', words: batch, hasMore });
  }
  return bytes;
}

/** A peer sent what nobody should. */
export function blame({ ports, mutes }: Desk, peer: PeerKey, nowMs: number): void {
  if (!mutes.blame(peer, 1, nowMs)) return;
  ports.log.warn('peer-muted', { peer, seconds: MUTE_MS / 1_000, of: 'words' });
}
