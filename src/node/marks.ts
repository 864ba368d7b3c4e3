/**
 * Loop: marks — whom sync is to ask: now, or in a while.
 *
 * 1. What is passed on to a neighbour waits for a moment when something was just exchanged with it:
 *    what a crowd brings one by one travels on together.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';
import { createWake } from './wake.ts';

/**
 * Shortest time from an exchange with a neighbour to one that passes on what others brought. Unit:
 * ms. Twenty VMs that join at once bring something new for half a minute.
 */
const PASS_ON_MS = 2_000;

/** Who is to be asked. */
export interface Marks {
  /** It is to be asked now. */
  add(peer: PeerKey): void;
  /** In so long, or sooner where that was said. Nothing comes of it when `signal` aborts. */
  addLater(peer: PeerKey, waitMs: number, signal: AbortSignal): void;
  /** It is to hear what others brought. */
  passOn(peer: PeerKey, signal: AbortSignal): void;
  /** Something is exchanged with it. */
  noteExchange(peer: PeerKey): void;
  /** Its connection came or went. */
  forget(peer: PeerKey): void;
  /** Somebody can be asked who could not before. */
  retry(): void;
  /** Waits for a mark or so long. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<unknown>;
  /** Everybody who is marked, for whom `isTaken` says that it is asked now. */
  take(isTaken: (peer: PeerKey) => boolean): void;
}

/** Nobody is marked. */
export function createMarks(clock: Clock): Marks {
  const wake = createWake(clock);
  const marked = new Set<PeerKey>();
  const dueMs = new Map<PeerKey, number>();
  const exchangedMs = new Map<PeerKey, number>();
  const add = (peer: PeerKey): void => {
    marked.add(peer);
    wake.mark();
  };
  const addLater = (peer: PeerKey, waitMs: number, signal: AbortSignal): void => {
    const untilMs = clock.monotonicMs() + waitMs;
    if ((dueMs.get(peer) ?? Number.POSITIVE_INFINITY) <= untilMs) return;
    dueMs.set(peer, untilMs);
    void clock.sleep(waitMs, signal).then(() => {
      if (dueMs.get(peer) !== untilMs) return;
      dueMs.delete(peer);
      if (!signal.aborted) add(peer);
    });
  };
  return {
    add,
    addLater,
    passOn: (peer, signal) => {
      const sinceMs = clock.monotonicMs() - (exchangedMs.get(peer) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs >= PASS_ON_MS) add(peer);
      else addLater(peer, PASS_ON_MS - sinceMs, signal);
    },
    noteExchange: (peer) => void exchangedMs.set(peer, clock.monotonicMs()),
    forget: (peer) => void exchangedMs.delete(peer),
    retry: () => {
      if (marked.size > 0) wake.mark();
    },
    wait: wake.wait,
    take: (isTaken) => {
      for (const peer of [...marked]) if (isTaken(peer)) marked.delete(peer);
    },
  };
}
