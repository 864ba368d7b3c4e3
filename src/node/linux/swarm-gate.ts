/**
 * Edge: swarm gate — who may be connected to this node at all.
 *
 * 1. A stranger is cut right after Noise, in both directions, before any stream: gossipsub would
 *    feed whoever is connected, and multistream tells whoever asks which protocols there are.
 * 2. An address inside the overlay is never dialled, and dropped before the handshake when it dials
 *    us: a swarm that ran over the VPN it configures could not repair that VPN.
 */
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { Log, SwarmConfig } from '../../ports.ts';
import { endpointOf, keyOfPeerId } from './swarm-keys.ts';
import type { Knocks } from './swarm-knocks.ts';

/**
 * One line of log for each stranger's host in this time, or a stubborn one fills the log. Unit: ms.
 */
const STRANGER_LOG_MS = 60_000;
/** Hosts remembered for that. */
const STRANGER_HOSTS_MAX = 256;

/** What the gate asks. */
interface GateContext {
  readonly standing: SwarmConfig['standing'];
  readonly isOverlay: SwarmConfig['isOverlay'];
  readonly log: Log;
  readonly knocks: Knocks;
  /** True from the moment the node stops: nobody new then. */
  readonly isStopping: () => boolean;
}

/** The gate, as libp2p asks it. True means no. */
export function createGate(context: GateContext): ConnectionGater {
  const { isOverlay, isStopping, knocks } = context;
  const noteStranger = createStrangerNote(context.log);
  const isStranger = (peerId: PeerId): boolean => {
    const peer = keyOfPeerId(peerId);
    return peer === null || context.standing(peer) === 'stranger';
  };
  const isElsewhere = (connection: MultiaddrConnection): boolean =>
    isStopping() || isOverlay(endpointOf(connection.remoteAddr).host);
  return {
    denyDialMultiaddr: (address) => isOverlay(endpointOf(address).host),
    denyInboundConnection: (connection) => {
      const denied = isElsewhere(connection);
      if (!denied) knocks.begin(connection);
      return denied;
    },
    denyOutboundConnection: (_peerId, connection) => isElsewhere(connection),
    denyInboundEncryptedConnection: (peerId, connection) => {
      const denied = isStranger(peerId);
      if (denied) noteStranger(endpointOf(connection.remoteAddr).host, peerId);
      return denied;
    },
    denyOutboundEncryptedConnection: (peerId) => isStranger(peerId),
    denyInboundUpgradedConnection: (_peerId, connection) => {
      knocks.end(connection);
      return false;
    },
  };
}

const createStrangerNote = (log: Log): ((host: string, peerId: PeerId) => void) => {
  const notedMs = new Map<string, number>();
  return (host, peerId) => {
    const nowMs = performance.now();
    if (nowMs - (notedMs.get(host) ?? Number.NEGATIVE_INFINITY) < STRANGER_LOG_MS) return;
    if (notedMs.size >= STRANGER_HOSTS_MAX) notedMs.clear();
    notedMs.set(host, nowMs);
    log.warn('swarm-stranger-cut', { host, peer: keyOfPeerId(peerId) ?? peerId.toString() });
  };
};
