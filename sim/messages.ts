/**
 * Edge: messages — small messages without an answer over a wire; what waits too long makes room.
 */
import type { PeerKey } from '../src/crdt/ids.ts';
import type { Unsubscribe } from '../src/ports.ts';
import { type Channel, endWith, type Hall, type Party } from './party.ts';
import type { End } from './wire.ts';

/** Messages that wait for one peer, one channel. As `swarm-messages.ts`. */
const WAITING_MAX = 16;

interface Parcel {
  isDropped: boolean;
}

/** What is under way over each end, by channel. */
const underWay = new WeakMap<End, Map<string, Parcel[]>>();

/** Sends a message; as `SwarmNode.send` wants it. */
export function sendMessage(
  hall: Hall,
  party: Party,
  peer: PeerKey,
  given: { readonly channel: string; readonly message: Uint8Array },
): boolean {
  const end = endWith(party, peer);
  if (end === undefined || end.standing !== 'member' || !party.isOpen()) return false;
  const { channel } = given;
  const message = given.message.slice();
  const waiting = waitingOf(end, channel);
  const parcel: Parcel = { isDropped: false };
  waiting.push(parcel);
  const isFull = waiting.length > WAITING_MAX;
  if (isFull) {
    const oldest = waiting.shift();
    if (oldest !== undefined) oldest.isDropped = true;
  }
  hall.wires.carry(end, message.length, (to) => {
    if (parcel.isDropped) return;
    waiting.splice(waiting.indexOf(parcel), 1);
    hear(to, channel, message);
  });
  return !isFull;
}

/** Hears a channel, until the returned function is called. */
export function receive(party: Party, name: string, channel: Channel): Unsubscribe {
  party.channels.set(name, channel);
  return () => {
    if (party.channels.get(name) === channel) party.channels.delete(name);
  };
}

function waitingOf(end: End, channel: string): Parcel[] {
  const ofEnd = underWay.get(end) ?? new Map<string, Parcel[]>();
  underWay.set(end, ofEnd);
  const waiting = ofEnd.get(channel) ?? [];
  ofEnd.set(channel, waiting);
  return waiting;
}

function hear(to: End, channel: string, message: Uint8Array): void {
  const party = to.holder as Party;
  party.life.run(() => {
    const heard = party.channels.get(channel);
    if (heard === undefined || to.standing !== 'member' || message.length > heard.bytesMax) return;
    heard.listener(to.peer, message);
  });
}
