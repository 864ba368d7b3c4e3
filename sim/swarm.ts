/**
 * Edge: swarm — the Swarm port in memory: what libp2p does for the daemon, without a socket.
 *
 * The contract is that of `src/ports.ts`, proven by the same suite as the real edge.
 */
import { type PeerKey, peerKeyOf } from '../src/crdt/ids.ts';
import { Fault } from '../src/fault.ts';
import type { Crypto, Swarm, SwarmConfig, SwarmNode } from '../src/ports.ts';
import { dial } from './dialling.ts';
import { type Gossip, openGossip } from './gossip.ts';
import type { Life } from './life.ts';
import { receive, sendMessage } from './messages.ts';
import { doorOf, endWith, type Hall, type Party, swarmFault } from './party.ts';
import { type Question, request } from './requesting.ts';
import type { Station } from './underlay.ts';
import type { End } from './wire.ts';

/** How long the holder of an invite may stay. Unit: ms. As `swarm-limit.ts`. */
const INVITE_LIFE_MS = 60_000;

/** The swarm as one process of a VM sees it. */
export function openSwarm(hall: Hall, crypto: Crypto, station: Station, life: Life): Swarm {
  return {
    open: (config) =>
      life.promise((answer) => {
        life.after(1, () => {
          const door = config.port === null ? null : doorOf(station, config.port);
          if (door !== null && hall.listeners.has(door)) return answer.reject(taken(config));
          const { node, party } = makeNode(hall, crypto, { station, life, config, door });
          if (door !== null) {
            hall.listeners.set(door, party);
            life.onEnd(() => leaveDoor(hall, door, party));
          }
          answer.resolve(node);
        });
      }),
  };
}

const taken = (config: SwarmConfig): Fault =>
  new Fault('refused', {
    field: 'port',
    value: String(config.port),
    why: 'the port is in use',
    remedy: 'stop what uses it, or choose another port',
  });

function leaveDoor(hall: Hall, door: string, party: Party): void {
  if (hall.listeners.get(door) === party) hall.listeners.delete(door);
}

interface Place {
  readonly station: Station;
  readonly life: Life;
  readonly config: SwarmConfig;
  readonly door: string | null;
}

function makeNode(hall: Hall, crypto: Crypto, place: Place): { node: SwarmNode; party: Party } {
  const { party, gossip } = makeParty(hall, crypto, place);
  const { life, door } = place;
  const closeAll = (doomed: readonly End[]): Promise<void> =>
    life.promise(({ resolve }) => {
      for (const end of doomed) hall.wires.close(end, false);
      life.after(1, resolve);
    });
  const node: SwarmNode = {
    self: party.self,
    dial: (peer, endpoints, timeoutMs) => dial(hall, party, { peer, endpoints, timeoutMs }),
    hangUp: (peer) => closeAll([...party.ends].filter((end) => end.peer === peer)),
    connections: party.used,
    request: (peer, protocol, body, timeoutMs) => {
      const end = endWith(party, peer);
      const why = whyNotAsked(party, end, protocol);
      if (end === undefined || why !== null) {
        return Promise.reject(swarmFault('refused', peer, why ?? ''));
      }
      return request(hall, party, end, { protocol, body, timeoutMs });
    },
    requestEach: (peer, protocol, body, timeoutMs) =>
      requestEach(hall, party, peer, { protocol, body, timeoutMs }),
    handle: (protocol, options, handler) => {
      if (party.handlers.has(protocol)) throw new Error(`${protocol} is served twice`);
      const served = { options, handler };
      party.handlers.set(protocol, served);
      return () => {
        if (party.handlers.get(protocol) === served) party.handlers.delete(protocol);
      };
    },
    send: (peer, channel, message) => sendMessage(hall, party, peer, { channel, message }),
    receive: (channel, bytesMax, listener) => receive(party, channel, { bytesMax, listener }),
    publish: gossip.publish,
    onConnectionChange: (listener) => {
      party.listeners.add(listener);
      return () => party.listeners.delete(listener);
    },
    stop: () => {
      party.isStopped = true;
      if (door !== null) leaveDoor(hall, door, party);
      return closeAll([...party.ends]);
    },
  };
  return { node, party };
}

async function requestEach(hall: Hall, party: Party, peer: PeerKey, question: Question) {
  const ends = [...party.ends].filter((end) => end.peer === peer);
  const mayAsk = ends.filter((end) => whyNotAsked(party, end, question.protocol) === null);
  const asked = mayAsk.map((end) => request(hall, party, end, question));
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

function whyNotAsked(party: Party, end: End | undefined, protocol: string): string | null {
  if (end === undefined) return 'not connected';
  const mayUse = party.handlers.get(protocol)?.options.inviteMayUse === true;
  return end.standing === 'invite' && !mayUse ? `only holds an invite, no ${protocol}` : null;
}

function makeParty(hall: Hall, crypto: Crypto, place: Place): { party: Party; gossip: Gossip } {
  const { station, life, config } = place;
  const ends = new Set<End>();
  const listeners: Party['listeners'] = new Set();
  const tell = (end: End, what: string): void => {
    hall.trace.note(hall.scheduler.nowMs(), life.name, `${what} ${end.peer} ${end.standing}`);
    life.run(() => {
      for (const listener of [...listeners]) listener(end.peer);
    });
  };
  const gossip = openGossip(hall, () => party.used().filter((end) => end.standing === 'member'));
  let used: readonly End[] | null = null;
  const party: Party = {
    self: peerKeyOf(crypto.publicKey(config.seed)),
    config,
    station,
    life,
    ends,
    listeners,
    handlers: new Map(),
    channels: new Map(),
    isStopped: false,
    isOpen: () => !party.isStopped && life.isAlive(),
    used: () => (used ??= usedOf(party)),
    partings: 0,
    up: (end) => {
      if (endWith(party, end.peer) === undefined) party.partings += 1;
      ends.add(end);
      used = null;
      tell(end, 'up');
      if (end.standing !== 'invite') return;
      life.after(INVITE_LIFE_MS, () => hall.wires.close(end, false));
    },
    down: (end) => {
      ends.delete(end);
      used = null;
      if (endWith(party, end.peer) === undefined) party.partings += 1;
      tell(end, 'down');
    },
    hear: (end, frame, isRepeat) => life.run(() => gossip.hear(party, end, frame, isRepeat)),
  };
  return { party, gossip };
}

/** One end per peer, sorted by peer. */
function usedOf(party: Party): readonly End[] {
  const peers = [...new Set([...party.ends].map((end) => end.peer))].toSorted();
  return peers.map((peer) => endWith(party, peer)).filter((end) => end !== undefined);
}
