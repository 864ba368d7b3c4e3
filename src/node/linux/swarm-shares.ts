/**
 * Edge: swarm shares — how many bytes each peer may make this node hold, over all its streams.
 *
 * The limits of streams and messages alone would let one member hold some hundred megabytes here.
 */
import type { PeerKey } from '../../crdt/ids.ts';
import type { Claim } from './swarm-streams.ts';

/** The shares of all peers. */
export interface Shares {
  /** For one message. `claim` throws when the peer would hold too much; `end` gives all back. */
  open(peer: PeerKey): { readonly claim: Claim; readonly end: () => void };
}

/** Shares of at most `bytesMax` for each peer. */
export function createShares(bytesMax: number): Shares {
  const heldBy = new Map<PeerKey, number>();
  const add = (peer: PeerKey, bytes: number): void => {
    const held = (heldBy.get(peer) ?? 0) + bytes;
    if (held === 0) heldBy.delete(peer);
    else heldBy.set(peer, held);
  };
  return {
    open: (peer) => {
      let own = 0;
      const claim = (bytes: number): void => {
        if ((heldBy.get(peer) ?? 0) + bytes > bytesMax) {
          throw new Error(`what it asked for would hold more than ${bytesMax} bytes`);
        }
        own += bytes;
        add(peer, bytes);
      };
      const end = (): void => {
        add(peer, -own);
        own = 0;
      };
      return { claim, end };
    },
  };
}
