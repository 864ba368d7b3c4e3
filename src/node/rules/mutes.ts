/**
 * Rule: mutes — whoever keeps sending what is bad for everybody is not listened to for a while.
 *
 * 1. Honest members pass on nothing that is bad for everybody, so a few such frames are no
 *    accident; what cannot be judged yet is never counted.
 */
import type { PeerKey } from '../../crdt/ids.ts';
import { createBuckets } from './bucket.ts';

/**
 * Bad frames that are overlooked at once, and per second: 3 a minute. The third within 20 s mutes,
 * as by the score of gossip (`swarm-gossip.ts`).
 */
const BAD_BURST = 2;
const BAD_PER_SECOND = 3 / 60;
/** How long a sender is not listened to. Unit: ms. gossipsub's count decays as long. */
export const MUTE_MS = 120_000;

/** Who is muted. Whoever asks brings the time, ms, never going back. */
export interface Mutes {
  /** Counts frames that are bad for everybody; true when that mutes their sender. */
  blame(peer: PeerKey, frames: number, nowMs: number): boolean;
  isMuted(peer: PeerKey, nowMs: number): boolean;
}

/** Nobody is muted. */
export function createMutes(): Mutes {
  const bad = createBuckets(BAD_BURST, BAD_PER_SECOND);
  const untilMs = new Map<PeerKey, number>();
  const isMuted = (peer: PeerKey, nowMs: number): boolean => {
    if ((untilMs.get(peer) ?? 0) > nowMs) return true;
    untilMs.delete(peer);
    return false;
  };
  return {
    isMuted,
    blame: (peer, frames, nowMs) => {
      if (frames === 0 || isMuted(peer, nowMs)) return false;
      // No more than one too many, so that after its time it begins anew.
      if (bad.spend(peer, Math.min(frames, BAD_BURST + 1), nowMs) === 0) return false;
      untilMs.set(peer, nowMs + MUTE_MS);
      return true;
    },
  };
}
