/**
 * Loop: gossip judge — what becomes of a frame that a neighbour gossiped.
 *
 * 1. Of each author so much new gossip is taken, and no more; the rest comes by an exchange.
 * 2. A long frame is fetched by an exchange too: gossip is judged in one piece. Only who may have
 *    signed it is looked at, so that a forged one counts against its sender as any other.
 * 3. What is bad for everybody counts; what a muted sender sends is not looked at.
 */
import { readFrame } from '../crdt/frame.ts';
import { memberIdOf, type PeerKey } from '../crdt/ids.ts';
import { isTaken, type Receipt } from '../crdt/receiving.ts';
import type { Clock, GossipVerdict } from '../ports.ts';
import type { Marks } from './marks.ts';
import { GOSSIP_BYTES_MAX } from './relay.ts';
import type { Replica } from './replica.ts';
import { createBuckets } from './rules/bucket.ts';
import type { Versions } from './rules/sync-message.ts';

/**
 * What is taken of an author from gossip: frames at once, and per second, so that it is 64 KiB per
 * second in the long run.
 */
const GOSSIP_BURST = 64;
const GOSSIP_PER_SECOND = 4;

/** What the judge works with. */
export interface JudgeDesk {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly replica: Pick<Replica, 'receive' | 'screen'>;
  readonly marks: Pick<Marks, 'add'>;
  /** Connected peers of another version. */
  readonly strangers: ReadonlyMap<PeerKey, Versions>;
  readonly isMuted: (peer: PeerKey) => boolean;
  /** Told who sent a frame that is bad for everybody. */
  readonly onBad: (peer: PeerKey) => void;
  /** Told who brought the proof of a fork. */
  readonly onFork: (peer: PeerKey) => void;
  /** Told who sent more of an author than is taken. */
  readonly onFlood: (peer: PeerKey) => void;
}

/** Makes the judge of one member. */
export function createJudge(desk: JudgeDesk): (from: PeerKey, bytes: Uint8Array) => GossipVerdict {
  const { clock, replica, marks, strangers, isMuted } = desk;
  const taken = createBuckets(GOSSIP_BURST, GOSSIP_PER_SECOND);
  return (from, bytes) => {
    // The alarm about a stranger says that nothing is exchanged.
    if (strangers.has(from) || isMuted(from)) return 'ignore';
    const nowMs = clock.monotonicMs();
    const read = readFrame(bytes);
    const author = read.ok ? memberIdOf(read.frame.author) : null;
    if (author !== null && !taken.hasLeft(author, nowMs)) {
      desk.onFlood(from);
      return 'ignore';
    }
    const isLong = author !== null && bytes.length > GOSSIP_BYTES_MAX;
    const receipt = isLong ? replica.screen(bytes, from) : replica.receive([bytes], from)[0];
    if (receipt?.verdict === 'rejected') desk.onBad(from);
    if (receipt?.verdict === 'held' && receipt.why !== 'ahead') marks.add(from);
    if (receipt?.verdict === 'forked') desk.onFork(from);
    if (receipt === null) marks.add(from); // Invariant 2.
    // Only what its author signed counts: nobody else can use up what an author has.
    const isNew = receipt === null || (receipt !== undefined && isTaken(receipt));
    if (author !== null && isNew) taken.spend(author, 1, nowMs);
    return verdictOf(receipt);
  };
}

function verdictOf(receipt: Receipt | null | undefined): GossipVerdict {
  if (receipt?.verdict === 'taken') return 'accept';
  // The proof of a fork is not passed on: to who lacks the other frame it may look bad.
  return receipt?.verdict === 'rejected' ? 'reject' : 'ignore';
}
