/**
 * Rule: in step — with which connected peers this VM came in step, and for which it waits.
 *
 * 1. What was once in step counts until the peer connects anew: something may have been missed.
 * 2. Nobody is waited for without end: a peer keeps this VM waiting for so long, however often it
 *    connects, and then it is overdue until it comes in step. What it used of that comes back
 *    slowly.
 */
import type { PeerKey } from '../../crdt/ids.ts';
import { createBuckets } from './bucket.ts';

/** How long a peer may keep this VM waiting. Unit: s. An answer may take 15. */
const WAIT_S_MAX = 30;
/** How much of it comes back in a second. Unit: s. All of it in ten minutes. */
const WAIT_S_BACK = 0.05;

/** What is known of connected peers. Times are of a clock that is never set, ms. */
export interface InStep {
  /** A connection with the peer came or went; `isConnected`: whether there is one now. */
  noteConnection(peer: PeerKey, isConnected: boolean, nowMs: number): void;
  /** The peer and this VM are in step. */
  reach(peer: PeerKey, nowMs: number): void;
  has(peer: PeerKey): boolean;
  /** Connected peers that are not in step, and were waited for long enough. */
  overdue(nowMs: number): readonly PeerKey[];
}

/** Since when a peer is waited for, and for how long. Unit: ms. */
interface Wait {
  readonly sinceMs: number;
  readonly lengthMs: number;
}

/** Nobody is connected yet. */
export function createInStep(): InStep {
  const reached = new Set<PeerKey>();
  const waits = new Map<PeerKey, Wait>();
  const patience = createBuckets(WAIT_S_MAX, WAIT_S_BACK);
  const endWait = (peer: PeerKey, nowMs: number): void => {
    const wait = waits.get(peer);
    if (wait === undefined) return;
    waits.delete(peer);
    patience.spend(peer, Math.min(nowMs - wait.sinceMs, wait.lengthMs) / 1_000, nowMs);
  };
  return {
    noteConnection: (peer, isConnected, nowMs) => {
      reached.delete(peer);
      endWait(peer, nowMs);
      if (!isConnected) return;
      waits.set(peer, { sinceMs: nowMs, lengthMs: patience.left(peer, nowMs) * 1_000 });
    },
    reach: (peer, nowMs) => {
      endWait(peer, nowMs);
      reached.add(peer);
    },
    has: (peer) => reached.has(peer),
    overdue: (nowMs) =>
      [...waits].flatMap(([peer, { sinceMs, lengthMs }]) =>
        nowMs - sinceMs >= lengthMs ? [peer] : [],
      ),
  };
}
