/**
 * Edge: swarm — the Swarm port by libp2p: TCP, a pre-shared key, Noise, yamux, gossipsub, and
 * nothing else.
 *
 * No discovery, no relay, no DHT, no identify, no peer exchange, no dialling by itself, no store
 * that outlives the process: who is dialled, and where, the loops alone decide. Each noun has a
 * file: keys, gate, pulse, connections, dial, streams, requests, gossip. Here they are put
 * together.
 */
import { createServer } from 'node:net';
import type { GossipSub } from '@libp2p/gossipsub';
import type { Libp2p } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import { Fault } from '../../fault.ts';
import type { Log, Swarm, SwarmConfig, SwarmNode } from '../../ports.ts';
import { type ConnectionTable, createConnectionTable } from './swarm-connections.ts';
import { createDial } from './swarm-dial.ts';
import { createGate } from './swarm-gate.ts';
import {
  gossipService,
  type Introduction,
  introductionService,
  joinTopic,
  mend,
  publishFrame,
  topicOf,
} from './swarm-gossip.ts';
import { peerIdOf, privateKeyOf } from './swarm-keys.ts';
import { createKnocks } from './swarm-knocks.ts';
import { createMessages } from './swarm-messages.ts';
import { createPulses, type Pulses } from './swarm-pulse.ts';
import { createRequests } from './swarm-requests.ts';

type Node = Libp2p<{ gossip: GossipSub; introduction: Introduction }>;

/** Connections of one node, all peers together; a full mesh beyond that is not meant. */
const CONNECTIONS_MAX = 300;
/**
 * New inbound connections from one host in a second. With libp2p's own 5, 7 of 12 VMs that joined
 * at once from behind one address were refused.
 */
const INBOUND_MAX = 100;
/**
 * Inbound connections that may be in their handshake. One host that says nothing leaves each of the
 * others two seconds for theirs.
 */
const KNOCKS_MAX = 200;
/** How long a connection may take to close before it is reset. Unit: ms. */
const CLOSE_MS = 300;

/** The Swarm port on Linux. */
export const openSwarm = (log: Log): Swarm => ({ open: (config) => open(config, log) });

const open = async (config: SwarmConfig, log: Log): Promise<SwarmNode> => {
  if (config.port !== null) await assertFree(config.port);
  const privateKey = privateKeyOf(config.seed);
  const topic = topicOf(config.meshId);
  const stopped = new AbortController();
  const isStopping = (): boolean => stopped.signal.aborted;
  const pulses = createPulses(() => {
    for (const lives of connections.members()) {
      mend(
        lives.map(({ connection }) => connection),
        node.services.introduction,
        node.services.gossip,
      );
    }
  });
  const node: Node = await createLibp2p({
    start: false,
    privateKey,
    addresses: { listen: listenAddresses(config.port) },
    transports: [tcp()],
    connectionProtector: preSharedKey({ psk: pskText(config.psk) }),
    connectionEncrypters: [noise()],
    streamMuxers: [pulses.muxer],
    connectionGater: createGate({ ...config, log, isStopping, knocks: createKnocks(KNOCKS_MAX) }),
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      inboundConnectionThreshold: INBOUND_MAX,
      maxIncomingPendingConnections: 2 * KNOCKS_MAX, // Those that end count for a moment.
    },
    connectionMonitor: { enabled: false }, // the pulse does it
    // Of a peer that its store has forgotten, libp2p does not tell gossip that it is gone.
    peerStore: { maxPeerAge: Number.POSITIVE_INFINITY },
    services: { gossip: gossipService(topic), introduction: introductionService },
  });
  const connections = createConnectionTable({
    standing: config.standing,
    pulses,
    onMember: ({ connection }) => node.services.introduction.introduce(connection),
  });
  node.addEventListener('connection:open', ({ detail }) => connections.opened(detail));
  await start(node, config.port, pulses);
  joinTopic(node.services.gossip, topic, config.judge);
  const self = peerKeyOf(privateKey.publicKey.raw);
  return facade({ node, self, config, log, connections, stopped, pulses, topic });
};

interface Parts {
  readonly node: Node;
  readonly self: PeerKey;
  readonly config: SwarmConfig;
  readonly log: Log;
  readonly connections: ConnectionTable;
  readonly stopped: AbortController;
  readonly pulses: Pulses;
  readonly topic: string;
}

const facade = (parts: Parts): SwarmNode => {
  const { node, config, log, connections, stopped, topic } = parts;
  const { isOverlay, meshId } = config;
  let stopping: Promise<void> | null = null;
  return {
    self: parts.self,
    dial: createDial({ node, connections, isOverlay, stopped: stopped.signal }),
    hangUp: (peer) => hangUp(node, peer),
    connections: () => connections.list(),
    ...createRequests({ node, connections, meshId, log }),
    ...createMessages({ node, connections, meshId, log }),
    publish: (frame) => publishFrame(node.services.gossip, topic, frame),
    onConnectionChange: (listener) => connections.onChange(listener),
    stop: () => {
      stopping ??= stop(parts);
      return stopping;
    },
  };
};

const hangUp = (node: Node, peer: PeerKey): Promise<void> =>
  node.hangUp(peerIdOf(peer), { signal: AbortSignal.timeout(CLOSE_MS) });

const stop = async ({ node, stopped, pulses }: Parts): Promise<void> => {
  stopped.abort();
  pulses.stop();
  // libp2p destroys inbound sockets before it closes connections; closed first, the others are
  // told.
  const peers = node.getPeers();
  const signal = AbortSignal.timeout(CLOSE_MS);
  await Promise.all(peers.map((peer) => node.hangUp(peer, { signal })));
  await node.stop();
};

const start = async (node: Node, port: number | null, pulses: Pulses): Promise<void> => {
  try {
    await node.start();
  } catch (error) {
    pulses.stop();
    if (error instanceof Error && error.message.includes('EADDRINUSE')) throw portInUse(port);
    throw error;
  }
};

/** libp2p's file format of a pre-shared key. */
const pskText = (psk: Uint8Array): Uint8Array =>
  Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(psk).toString('hex')}`);

const listenAddresses = (port: number | null): string[] =>
  port === null ? [] : [`/ip4/0.0.0.0/tcp/${port}`, `/ip6/::/tcp/${port}`];

/**
 * libp2p takes a failure of IPv6 alone for a host without IPv6, also when the port is taken there;
 * so each is tried before.
 */
const assertFree = async (port: number): Promise<void> => {
  for (const host of ['0.0.0.0', '::']) {
    const code = await bindError(host, port);
    if (code === 'EADDRINUSE') throw portInUse(port);
    if (code === 'EACCES') throw portFault(port, 'needs root', 'choose one above 1023 with --port');
  }
};

const bindError = (host: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, ipv6Only: true }, () => server.close(() => resolve(null)));
  });

const portInUse = (port: number | null): Fault =>
  portFault(port, 'in use', 'choose another with --port or stop what holds it');

const portFault = (port: number | null, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'port', value: String(port), why, remedy });
