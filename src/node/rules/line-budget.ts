/**
 * Rule: line budget — how many lines of log a peer may cause: some at once, then few.
 *
 * 1. Neither one peer nor many together wash out what else is in the log: it may be the evidence.
 * 2. What was left out is counted, and told with the next line of the same peer. Counts are kept of
 *    so many peers; what others caused is told together, with the next line of anybody.
 */
import { createBuckets } from './bucket.ts';

/** Lines of one peer at once, and per second. */
const PEER_BURST = 5;
const PEER_PER_SECOND = 0.1;
/** Lines of all together. A line has 250 bytes or so: 11 MB a day, and 30 MB are kept. */
const ALL_BURST = 50;
const ALL_PER_SECOND = 0.5;
/** Peers whose counts are kept. */
const PEERS_MAX = 256;

/** Facts for a line: how many were left out before it. Without what is none. */
export interface LeftOut {
  readonly leftOut?: number;
  readonly leftOutOfOthers?: number;
}

/** The lines that are left. Whoever asks brings the time, ms, never going back. */
export interface LineBudget {
  /** What a line that this peer caused says besides; null when it is left out. */
  take(peer: string, nowMs: number): LeftOut | null;
}

/** A budget of which nothing is used. */
export function createLineBudget(): LineBudget {
  const ofPeer = createBuckets(PEER_BURST, PEER_PER_SECOND);
  const ofAll = createBuckets(ALL_BURST, ALL_PER_SECOND);
  const counts = new Map<string, number>();
  let ofOthers = 0;
  const leaveOut = (peer: string): void => {
    const count = (counts.get(peer) ?? 0) + 1;
    counts.delete(peer); // Who is counted now goes to the end: the first is forgotten first.
    counts.set(peer, count);
    const [first] = counts;
    if (counts.size <= PEERS_MAX || first === undefined) return;
    counts.delete(first[0]);
    ofOthers += first[1];
  };
  return {
    take: (peer, nowMs) => {
      if (!ofPeer.hasLeft(peer, nowMs) || !ofAll.hasLeft('', nowMs)) {
        leaveOut(peer);
        return null;
      }
      ofPeer.spend(peer, 1, nowMs);
      ofAll.spend('', 1, nowMs);
      const [leftOut, leftOutOfOthers] = [counts.get(peer) ?? 0, ofOthers];
      counts.delete(peer);
      ofOthers = 0;
      return {
        ...(leftOut > 0 && { leftOut }),
        ...(leftOutOfOthers > 0 && { leftOutOfOthers }),
      };
    },
  };
}
