/**
 * Loop: dismissal — hangs up on whoever has no standing any more; who was evicted is told first.
 *
 * A gate never cuts a connection that exists, so somebody has to. Who is cut without a word would
 * only see that nobody answers; so a last exchange brings it the frame that evicts it, and with
 * that its own status says what happened. It is given a moment for it, and no more.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, SwarmNode } from '../ports.ts';

/** How long whoever was evicted may take to hear of it. Unit: ms. It must be out within 3 s. */
const FAREWELL_MS = 1_000;

/** Hangs up on a peer, once however often it is asked. */
export type Dismiss = (swarm: SwarmNode, peer: PeerKey) => void;

/** Makes it. `inform`: comes in step with a peer. */
export function createDismissal(
  clock: Clock,
  view: () => View,
  inform: (peer: PeerKey) => Promise<unknown>,
): Dismiss {
  const leaving = new Set<PeerKey>();
  const dismiss = async (swarm: SwarmNode, peer: PeerKey): Promise<void> => {
    const isEvicted = view().evicted.some((id) => id === peer);
    if (isEvicted) {
      const enough = new AbortController();
      await Promise.race([inform(peer), clock.sleep(FAREWELL_MS, enough.signal)]);
      enough.abort();
    }
    await swarm.hangUp(peer);
  };
  return (swarm, peer) => {
    if (leaving.has(peer)) return;
    leaving.add(peer);
    void dismiss(swarm, peer).finally(() => leaving.delete(peer));
  };
}
