/**
 * Edge: gossip — frames from neighbour to neighbour, each judged before it is passed on.
 *
 * Every connection of a member gets every frame once; some are lost, some come twice. Holders of
 * invites get none.
 */
import { hash } from 'node:crypto';
import type { PeerKey } from '../src/crdt/ids.ts';
import type { Hall, Party } from './party.ts';
import type { End } from './wire.ts';

/** How long a frame is remembered. Unit: ms. gossipsub: seenTTL. */
const SEEN_MS = 120_000;

/** Largest frame that is gossiped. Unit: bytes. As `swarm-gossip.ts`. */
const FRAME_BYTES_MAX = 1_048_576;

/** The gossip of one party. */
export interface Gossip {
  publish(frame: Uint8Array): Promise<readonly PeerKey[]>;
  hear(party: Party, end: End, frame: Uint8Array, isRepeat: boolean): void;
}

/** Gossip that has heard nothing. `members` gives the ends to pass frames to. */
export function openGossip(hall: Hall, members: () => readonly End[]): Gossip {
  const seen = new Map<string, number>();
  const isNew = (frame: Uint8Array): boolean => {
    const nowMs = hall.scheduler.nowMs();
    for (const [id, atMs] of seen) {
      if (nowMs - atMs < SEEN_MS) break;
      seen.delete(id);
    }
    const id = hash('sha256', frame, 'base64');
    if (seen.has(id)) return false;
    seen.set(id, nowMs);
    return true;
  };
  const later = (delayMs: number, send: () => void): void => {
    if (delayMs > 0) hall.scheduler.after(delayMs, send);
    else send();
  };
  const spread = (frame: Uint8Array, except: PeerKey | null): readonly PeerKey[] => {
    const ends = members();
    for (const end of ends) {
      if (end.peer === except) continue;
      const deliver = (isRepeat: boolean) => (to: End) =>
        (to.holder as Party).hear(to, frame.slice(), isRepeat);
      const send = (isRepeat: boolean) => (): void => {
        if (end.isOpen) hall.wires.carry(end, frame.length, deliver(isRepeat));
      };
      const heldBackMs = hall.underlay.heldBackMs();
      if (!hall.underlay.isGossipLost()) later(heldBackMs, send(false));
      if (hall.underlay.isDoubled()) later(0, send(true));
    }
    return ends.map(({ peer }) => peer);
  };
  return {
    publish: async (frame) =>
      frame.length <= FRAME_BYTES_MAX && isNew(frame) ? spread(frame.slice(), null) : [],
    hear: (party, end, frame, isRepeat) => {
      if (end.standing !== 'member') return;
      if (!isNew(frame) && !isRepeat) return;
      const verdict = party.config.judge(end.peer, frame);
      hall.trace.note(hall.scheduler.nowMs(), party.life.name, `gossip ${verdict}`, frame);
      if (verdict === 'reject' && !hall.hostile.has(end.peer)) {
        hall.onReject(party.life.name);
      }
      if (verdict === 'accept') spread(frame, end.peer);
    },
  };
}
