/**
 * Loop: exchange — one member and one peer come in step: heads, then the frames that each lacks.
 *
 * 1. Rounds end when neither side took anything: what cannot be judged yet is left for later.
 * 2. Each peer has its share of the line, in bytes per second both ways. Who is over it waits, who
 *    is far over it is refused: one member cannot keep the disks and processors of all busy.
 */
import type { Head } from '../crdt/chain.ts';
import { isSameBytes } from '../crdt/codec.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { isTaken, type Receipt } from '../crdt/receiving.ts';
import { Fault } from '../fault.ts';
import type { Clock, SwarmNode } from '../ports.ts';
import type { ClockReading } from './clock-watch.ts';
import type { Replica } from './replica.ts';
import { type Buckets, createBuckets } from './rules/bucket.ts';
import {
  decodeSync,
  encodeSync,
  NO_INTRODUCTION,
  OUR_VERSIONS,
  type ReadSync,
  type SyncMessage,
  type Versions,
} from './rules/sync-message.ts';
import type { Twins } from './twins.ts';

/** Longest wait for an answer. Unit: ms. A batch of 512 KiB over 1 Mb/s takes 4 s. */
const ANSWER_MS = 15_000;
/** After this long with one peer in a row the rest is left to the next turn. Unit: ms. */
const EXCHANGE_MS_MAX = 60_000;
/** A clock is read off an answer that took no longer: it is half of that wrong. Unit: ms. */
const READING_MS_MAX = 2_000;
/** Frames sent in one message. Unit: bytes. They are taken in pieces, so it may be large. */
const BATCH_BYTES = 512 * 1024;
/** Longest message: one snapshot of 9 MiB and its heads. Unit: bytes. */
const MESSAGE_BYTES_MAX = 10 * 1024 * 1024;
/** A peer's share of the line: bytes at once, and per second. A mesh holds some MiB. */
const LINE_BYTES_BURST = 8 * 1024 * 1024;
const LINE_BYTES_PER_SECOND = 4 * 1024 * 1024;
/** What a request counts besides its length, for the work of answering it. Unit: bytes. */
const REQUEST_BYTES = 8 * 1024;
/** What is longer takes some ms to read. Unit: bytes. */
const LONG_BYTES = 64 * 1024;
/** Who would have to wait longer is refused; an honest peer has one batch under way. Unit: ms. */
const LINE_WAIT_MS_MAX = 5_000;

/** The shares of all peers. */
export const createLine = (): Buckets => createBuckets(LINE_BYTES_BURST, LINE_BYTES_PER_SECOND);

/** What an exchange works with. It ends with `signal`, and takes nothing after. */
export interface Scene {
  readonly clock: Clock;
  readonly swarm: SwarmNode;
  readonly replica: Replica;
  readonly twins: Twins;
  readonly line: Buckets;
  readonly signal: AbortSignal;
  /** Told of each peer's clock, where the answer was quick enough to tell it. */
  readonly onClock: (peer: PeerKey, reading: ClockReading) => void;
  /** Told of what a peer that asks says of its clock, ms since the Unix epoch. */
  readonly onClockSaid: (peer: PeerKey, wallMs: number) => void;
  /** Told when a peer said something new of instances: it is to be asked on all connections. */
  readonly onTwinNews: (peer: PeerKey) => void;
  /** Told of the versions of each peer that says them: null when they are ours. */
  readonly onVersions: (peer: PeerKey, versions: Versions | null) => void;
  /** Told of what is new of what a peer sent, as it is taken: the exchange may fail yet. */
  readonly onNews: (peer: PeerKey, news: readonly News[]) => void;
  /** Told how many frames of a peer were bad for everybody. */
  readonly onBad: (peer: PeerKey, frames: number) => void;
  /** Whether nothing is taken from the peer for now, nor told to it. */
  readonly isMuted: (peer: PeerKey) => boolean;
}

/** A frame that was taken. */
export interface News {
  readonly frame: Uint8Array;
  /** Whether it is the proof of a fork. */
  readonly isFork: boolean;
}

/** How an exchange ended. */
export interface Exchanged {
  /** False when it was cut short: there is more to say. */
  readonly isDone: boolean;
  /** Whether the peer holds all that this member said: it may hold it back, or not take it. */
  readonly hasOurs: boolean;
}

/** Comes in step with a connected peer. Fault of `request`; Fault 'refused' for an odd answer. */
export async function exchange(scene: Scene, peer: PeerKey): Promise<Exchanged> {
  const { clock, swarm, replica } = scene;
  const untilMs = clock.monotonicMs() + EXCHANGE_MS_MAX;
  let theirs: readonly Head[] = [];
  for (let round = 0; round === 0 || clock.monotonicMs() < untilMs; round += 1) {
    const frames = round === 0 ? [] : replica.framesAfter(theirs, BATCH_BYTES);
    const answer = await ask(scene, peer, frames);
    const taken = await take(scene, peer, answer.frames);
    const hasGiven = frames.length > 0 && !isEqual(answer.heads, theirs);
    theirs = answer.heads;
    const hasMore = replica.framesAfter(theirs, BATCH_BYTES).length > 0;
    if (taken.length === 0 && (!hasMore || (round > 0 && !hasGiven))) {
      return { isDone: true, hasOurs: holdsOwn(swarm.self, replica.heads(), theirs) };
    }
  }
  return { isDone: false, hasOurs: false };
}

/**
 * Takes what a peer sent, and tells what was new. Fault when this VM stops meanwhile, and when so
 * much of it was bad that the peer is muted.
 */
async function take(
  { replica, signal, onNews, onBad, isMuted }: Scene,
  peer: PeerKey,
  frames: readonly Uint8Array[],
): Promise<readonly News[]> {
  const receipts = await replica.receiveInPieces(frames, peer);
  if (signal.aborted) throw stopping(peer);
  const news = frames.flatMap((frame, index) => newsOf(frame, receipts[index]));
  if (news.length > 0) onNews(peer, news);
  onBad(peer, receipts.filter(({ verdict }) => verdict === 'rejected').length);
  if (isMuted(peer)) throw muted(peer);
  return news;
}

const newsOf = (frame: Uint8Array, receipt: Receipt | undefined): readonly News[] =>
  receipt !== undefined && isTaken(receipt)
    ? [{ frame, isFork: receipt.verdict === 'forked' }]
    : [];

async function ask(
  scene: Scene,
  peer: PeerKey,
  frames: readonly Uint8Array[],
): Promise<SyncMessage> {
  const { clock, swarm } = scene;
  const sentMs = clock.monotonicMs();
  const bytes = await swarm.request(peer, 'sync', messageTo(scene, peer, frames), ANSWER_MS);
  const cameMs = clock.monotonicMs();
  await queue(scene, peer, bytes.length);
  const answer = hear(scene, peer, decodeSync(bytes), 'answer');
  if (answer.wallMs !== null && cameMs - sentMs <= READING_MS_MAX) {
    scene.onClock(peer, { wallMs: answer.wallMs, atMs: (sentMs + cameMs) / 2 });
  }
  return answer;
}

/**
 * Asks a peer on every connection with it: two VMs with one key have one each, and the newest is
 * used for everything else. Nothing but what they say of themselves is taken. Never rejects.
 */
export async function askEach(scene: Scene, peer: PeerKey): Promise<void> {
  const answers = await scene.swarm
    .requestEach(peer, 'sync', messageTo(scene, peer, []), ANSWER_MS)
    .catch(() => []);
  for (const bytes of answers) {
    const read = decodeSync(bytes);
    if (read.kind === 'message' && scene.twins.hear(peer, read.message)) scene.onTwinNews(peer);
  }
}

const messageTo = (
  { clock, replica, twins }: Scene,
  peer: PeerKey,
  frames: readonly Uint8Array[],
): Uint8Array =>
  encodeSync({
    heads: replica.heads(),
    frames,
    wallMs: clock.wallMs(),
    ...twins.introduce(peer),
  });

/** What a peer says. Fault 'refused' for what is no message, or one of another version. */
function hear(
  { twins, onTwinNews, onVersions }: Scene,
  peer: PeerKey,
  read: ReadSync,
  what: 'request' | 'answer',
): SyncMessage {
  if (read.kind === 'none') throw refused(peer, `its sync ${what} is none`, SAME_VERSION);
  if (read.kind === 'other-version') {
    onVersions(peer, read.versions);
    throw otherVersion(peer, read.versions);
  }
  onVersions(peer, null);
  if (twins.hear(peer, read.message)) onTwinNews(peer);
  return read.message;
}

/**
 * Until the peer's share of the line covers so many bytes; a long message besides until it is its
 * turn: several that come together are read one after the other. Fault when this VM stops.
 */
async function queue({ clock, line, signal }: Scene, peer: PeerKey, bytes: number): Promise<void> {
  const waitMs = line.spend(peer, bytes, clock.monotonicMs());
  if (waitMs > 0 || bytes > LONG_BYTES) await clock.sleep(waitMs, signal);
  if (signal.aborted) throw stopping(peer);
}

/** What others are told of what a peer asked for or brought. */
export interface Ears {
  /** The peer asks. */
  readonly asked: (peer: PeerKey) => void;
  /** The peer and we are in step. */
  readonly reached: (peer: PeerKey) => void;
}

/** Answers the exchanges of others until the returned function is called. */
export function serveExchanges(scene: Scene, ears: Ears): () => void {
  const { clock, swarm, replica, line } = scene;
  const options = { bytesMax: MESSAGE_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('sync', options, async ({ peer }, request) => {
    if (scene.isMuted(peer)) throw muted(peer);
    mustFit(scene, peer, LINE_WAIT_MS_MAX);
    await queue(scene, peer, request.length + REQUEST_BYTES);
    const read = decodeSync(request);
    if (read.kind === 'other-version') {
      scene.onVersions(peer, read.versions);
      return REFUSAL;
    }
    const asked = hear(scene, peer, read, 'request');
    ears.asked(peer);
    if (asked.wallMs !== null) scene.onClockSaid(peer, asked.wallMs);
    await take(scene, peer, asked.frames);
    // Of many that came together each passed before any was answered. Twice as much: what they cost
    // as requests was judged already.
    mustFit(scene, peer, 2 * LINE_WAIT_MS_MAX);
    const heads = replica.heads();
    const frames = replica.framesAfter(asked.heads, BATCH_BYTES);
    if (frames.length === 0 && isEqual(heads, asked.heads)) ears.reached(peer);
    const answer = messageTo(scene, peer, frames);
    line.spend(peer, answer.length, clock.monotonicMs());
    return answer;
  });
}

/** The answer to another version: it says ours, so that both sides can tell, and nothing else. */
const REFUSAL = encodeSync({ heads: [], frames: [], wallMs: null, ...NO_INTRODUCTION });

const SAME_VERSION = 'run the same version of cnsmo on both sides';

const otherVersion = (peer: PeerKey, { wire, document }: Versions): Fault =>
  refused(
    peer,
    `it speaks wire version ${wire}, document version ${document}, this VM ` +
      `${OUR_VERSIONS.wire} and ${OUR_VERSIONS.document}`,
    SAME_VERSION,
  );

/** Fault 'refused' for who is so far over its share of the line that it would wait longer. */
const mustFit = ({ clock, line }: Scene, peer: PeerKey, waitMsMax: number): void => {
  if (line.waitMs(peer, clock.monotonicMs()) > waitMsMax) throw flood(peer);
};

const stopping = (peer: PeerKey): Fault => refused(peer, 'this VM is stopping', 'try again');

const flood = (peer: PeerKey): Fault =>
  refused(peer, `it sends more than ${LINE_BYTES_PER_SECOND} bytes per second`, 'try again later');

const muted = (peer: PeerKey): Fault =>
  refused(peer, 'too much of what it sent is bad for everybody', 'try again in 2 min');

const refused = (peer: PeerKey, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'sync', value: peer, why, remedy });

const holdsOwn = (self: PeerKey, ours: readonly Head[], theirs: readonly Head[]): boolean => {
  const ofSelf = (heads: readonly Head[]) => heads.filter(({ author }) => author === self);
  return isEqual(ofSelf(ours), ofSelf(theirs));
};

const isEqual = (a: readonly Head[], b: readonly Head[]): boolean =>
  a.length === b.length &&
  a.every((head, index) => {
    const other = b[index];
    return (
      other !== undefined &&
      head.author === other.author &&
      head.generation === other.generation &&
      head.sequence === other.sequence &&
      isSameBytes(head.hash, other.hash)
    );
  });
