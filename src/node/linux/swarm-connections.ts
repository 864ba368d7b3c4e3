/**
 * Edge: swarm connections — the live connections of this node, one shown for each peer.
 *
 * 1. A connection counts from the moment the remote was heard on it, not before: only then has the
 *    remote's gate let us in.
 * 2. Two members that dial each other at once have two connections. Both stay, the newest is shown
 *    and used: it is the one that both ends know to work, and closing either would break what runs
 *    on it. Nobody sees a peer go that is still there.
 * 3. The connection of an invite's holder is limited from the first moment (synchronously, before
 *    libp2p hands on a stream), and ended when its time is over.
 */
import type { Connection as Libp2pConnection } from '@libp2p/interface';
import type { PeerKey } from '../../crdt/ids.ts';
import type { Connection, Endpoint, SwarmConfig, Unsubscribe } from '../../ports.ts';
import { endpointOf, keyOfPeerId } from './swarm-keys.ts';
import { limit } from './swarm-limit.ts';
import type { Pulses } from './swarm-pulse.ts';

/**
 * Connections of one member: two after a simultaneous dial, one more for each crash that we have
 * not noticed yet.
 */
const MEMBER_CONNECTIONS_MAX = 4;
/** Connections of one invite: many VMs may join at once with one token. */
const INVITE_CONNECTIONS_MAX = 64;

/** A connection and what this edge knows of it. */
export interface Live {
  readonly connection: Libp2pConnection;
  readonly peer: PeerKey;
  readonly standing: 'member' | 'invite';
  readonly remote: Endpoint;
  /**
   * Settles when it is known whether the remote lets us in: true when it was heard, false when it
   * closed before.
   */
  readonly admitted: Promise<boolean>;
  readonly rttMs: () => number | null;
}

/** All live connections. */
export interface ConnectionTable {
  /** To be called, synchronously, for every `connection:open` of libp2p. */
  opened(connection: Libp2pConnection): void;
  /** What is known of a connection; null when it was gone before it was known. */
  find(connection: Libp2pConnection): Live | null;
  /** The connection to use for a peer, or null. */
  best(peer: PeerKey): Live | null;
  /** All connections of each member, newest last. */
  members(): readonly (readonly Live[])[];
  /** As the port shows them. */
  list(): readonly Connection[];
  onChange(listener: (peer: PeerKey) => void): Unsubscribe;
}

/** What the table needs. `onMember` is called when a member's connection came up. */
interface TableContext {
  readonly standing: SwarmConfig['standing'];
  readonly pulses: Pulses;
  readonly onMember: (live: Live) => void;
}

/** An empty table. */
export function createConnectionTable(context: TableContext): ConnectionTable {
  const byConnection = new WeakMap<Libp2pConnection, Live>();
  const roll = createRoll(context.onMember);
  const opened = (connection: Libp2pConnection): void => {
    const peer = keyOfPeerId(connection.remotePeer);
    const standing = peer === null ? 'stranger' : context.standing(peer);
    if (peer === null || standing === 'stranger') {
      connection.abort(new Error('stranger'));
      return;
    }
    if (connection.status !== 'open') return;
    const { rttMs, onFirst, onStream } = context.pulses.watch(connection);
    if (standing === 'invite') limit(connection, onStream);
    const { promise: admitted, resolve } = Promise.withResolvers<boolean>();
    const remote = endpointOf(connection.remoteAddr);
    const live: Live = { connection, peer, standing, remote, admitted, rttMs };
    byConnection.set(connection, live);
    connection.addEventListener('close', () => {
      roll.remove(live);
      resolve(false);
    });
    onFirst(() => {
      roll.add(live);
      resolve(true);
    });
  };
  return {
    opened,
    find: (connection) => byConnection.get(connection) ?? null,
    best: (peer) => newest(roll.byPeer.get(peer) ?? []),
    members: () => [...roll.byPeer.values()].filter(([first]) => first?.standing === 'member'),
    list: () => shown([...roll.byPeer.values()].map(newest)),
    onChange: roll.onChange,
  };
}

interface Roll extends Pick<ConnectionTable, 'onChange'> {
  readonly byPeer: ReadonlyMap<PeerKey, readonly Live[]>;
  add(live: Live): void;
  remove(live: Live): void;
}

/** Who is there, and who wants to know. */
const createRoll = (onMember: (live: Live) => void): Roll => {
  const byPeer = new Map<PeerKey, readonly Live[]>();
  const listeners = new Set<{ readonly tell: (peer: PeerKey) => void }>();
  const tell = (peer: PeerKey): void => {
    for (const listener of [...listeners]) listener.tell(peer);
  };
  const add = (live: Live): void => {
    const all = [...(byPeer.get(live.peer) ?? []), live];
    byPeer.set(live.peer, all);
    const max = live.standing === 'member' ? MEMBER_CONNECTIONS_MAX : INVITE_CONNECTIONS_MAX;
    if (all.length > max) all[0]?.connection.abort(new Error('too many connections of one peer'));
    if (live.standing === 'member') onMember(live);
    tell(live.peer);
  };
  const remove = (live: Live): void => {
    const before = byPeer.get(live.peer) ?? [];
    const left = before.filter((other) => other !== live);
    if (left.length === before.length) return;
    if (left.length === 0) byPeer.delete(live.peer);
    else byPeer.set(live.peer, left);
    tell(live.peer);
  };
  const onChange = (listener: (peer: PeerKey) => void): Unsubscribe => {
    const entry = { tell: listener };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  };
  return { byPeer, add, remove, onChange };
};

const newest = (all: readonly Live[]): Live | null =>
  all.findLast(({ connection }) => connection.status === 'open') ?? null;

const shown = (all: readonly (Live | null)[]): readonly Connection[] =>
  all
    .filter((live) => live !== null)
    .map(({ connection, peer, remote, rttMs }) => ({
      peer,
      remote,
      direction: connection.direction,
      rttMs: rttMs(),
    }))
    .sort((a, b) => (a.peer < b.peer ? -1 : 1));
