/**
 * Loop: meetings — who waits for members to be connected.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';

/** Who is waited for. */
export interface Meetings {
  /** Resolves when each of these was settled, or after `timeoutMs`. */
  wait(peers: readonly PeerKey[], timeoutMs: number): Promise<void>;
  /** It is connected, or was dialled in vain. */
  settle(peer: PeerKey): void;
}

/** Nobody waits for anybody yet. */
export function createMeetings(clock: Clock): Meetings {
  const awaited = new Map<PeerKey, PromiseWithResolvers<void>>();
  return {
    wait: async (peers, timeoutMs) => {
      if (peers.length === 0) return;
      const ends = peers.map((peer) => {
        const end = awaited.get(peer) ?? Promise.withResolvers<void>();
        awaited.set(peer, end);
        return end.promise;
      });
      const enough = new AbortController();
      await Promise.race([Promise.all(ends), clock.sleep(timeoutMs, enough.signal)]);
      enough.abort();
    },
    settle: (peer) => {
      awaited.get(peer)?.resolve();
      awaited.delete(peer);
    },
  };
}
