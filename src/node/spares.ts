/**
 * Loop: spares — connections with members that are no neighbours: which of them are too many.
 *
 * Who was asked something may be asked again soon, so a connection is kept for a while after it
 * was last used; beyond that only as many as there is room for, those used last.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';

/** How long a connection is kept after it was used. Unit: ms. */
const KEEP_MS = 60_000;

/** When each connection was last used. */
export interface Spares {
  /** It came up, or there is a question to ask. */
  use(peer: PeerKey): void;
  /** Those among these connected ones to hang up on, with room for so many. */
  tooMany(peers: readonly PeerKey[], room: number): readonly PeerKey[];
  /** When it may be more than the last time, in ms. */
  dueInMs(): number;
}

/** No connection was used yet. */
export function createSpares(clock: Clock): Spares {
  const usedMs = new Map<PeerKey, number>();
  const lastMs = (peer: PeerKey): number => usedMs.get(peer) ?? Number.NEGATIVE_INFINITY;
  let dueMs = Number.POSITIVE_INFINITY;
  return {
    use: (peer) => void usedMs.set(peer, clock.monotonicMs()),
    tooMany: (peers, room) => {
      const count = Math.max(0, peers.length - Math.max(0, room));
      const oldest = peers.toSorted((a, b) => lastMs(a) - lastMs(b)).slice(0, count);
      const untilMs = clock.monotonicMs() - KEEP_MS;
      const over = oldest.filter((peer) => lastMs(peer) <= untilMs);
      const next = oldest[over.length];
      dueMs = next === undefined ? Number.POSITIVE_INFINITY : lastMs(next) + KEEP_MS;
      for (const peer of over) usedMs.delete(peer);
      return over;
    },
    dueInMs: () => Math.max(0, dueMs - clock.monotonicMs()),
  };
}
