/**
 * Edge: swarm gossip — frames over gossipsub, judged before they go on.
 *
 * 1. Nothing is signed a second time, and a message is named by the hash of its frame: frames carry
 *    their author's signature.
 * 2. The topic validator is the gate: it alone sees frames, and what it rejects counts against the
 *    sender. The library's own defaults score nothing and check no size before decoding.
 * 3. Publishing floods: two and three members are below the degree of a gossip mesh.
 * 4. No IHAVE and no IWANT: anti-entropy already fetches what was lost, and an answer to IWANT puts
 *    many frames into one message, which the size limit of an honest receiver would have to cut
 *    off.
 * 5. There is no identify protocol. It would tell each peer our addresses and protocols; all that
 *    gossipsub takes from it is "this peer speaks gossip", which every member does, and which
 *    `introduce` says.
 * 6. gossipsub opens its stream to a peer once and never again while any connection lives. `mend`
 *    opens it again.
 */
import { createHash } from 'node:crypto';
import { type GossipSub, gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub';
import {
  type Connection,
  type Libp2pEvents,
  type Stream,
  serviceCapabilities,
  type TypedEventTarget,
} from '@libp2p/interface';
import type { PeerKey } from '../../crdt/ids.ts';
import type { GossipVerdict, SwarmConfig } from '../../ports.ts';
import { keyOfPeerId } from './swarm-keys.ts';

/** Largest frame that is gossiped; anti-entropy carries larger ones. Unit: bytes. */
const FRAME_BYTES_MAX = 1_048_576;
/** Largest gossip message read: one frame and what goes with it. Unit: bytes. */
const RPC_BYTES_MAX = 1_153_434;
/**
 * What may wait for a slow peer before its stream is given up; anti-entropy carries on. Unit:
 * bytes.
 */
const BACKLOG_BYTES_MAX = 8 * 1_048_576;
/** What gossipsub 17 registers with libp2p first; what is then spoken, the two ends negotiate. */
const GOSSIP_PROTOCOL = '/meshsub/1.2.0';

const VERDICTS: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

/**
 * Only a rejected frame counts: a quiet mesh is no fault. The count is squared, so that the third
 * rejected frame within a minute falls below the library's limit of -80, and ten keep a peer
 * unheard for two minutes. Weights of 0 switch the others off; what stands beside them is only
 * there to be valid.
 */
const TOPIC_SCORE = {
  topicWeight: 1,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.99,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
};

/** The one topic of a mesh. */
export const topicOf = (meshId: string): string => `/cnsmo/1/${meshId}/frames`;

/** The gossip service of a node. */
export const gossipService = (topic: string): ReturnType<typeof gossipsub> =>
  gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => createHash('sha256').update(message.data).digest(),
    allowedTopics: [topic],
    fallbackToFloodsub: false,
    floodPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    doPX: false,
    tagMeshPeers: false,
    Dlazy: 0,
    gossipFactor: 0,
    runOnLimitedConnection: false,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: RPC_BYTES_MAX,
    maxOutboundBufferSize: BACKLOG_BYTES_MAX,
    decodeRpcLimits: {
      maxSubscriptions: 4,
      maxMessages: 16,
      maxIhaveMessageIDs: 256,
      maxIwantMessageIDs: 256,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 16,
      maxPeerInfos: 0,
    },
    scoreParams: {
      // VMs may share one address.
      IPColocationFactorWeight: 0,
      topics: {
        [topic]: TOPIC_SCORE,
      },
    },
  });

/** Subscribes, with the judge as validator. */
export const joinTopic = (gossip: GossipSub, topic: string, judge: SwarmConfig['judge']): void => {
  gossip.topicValidators.set(topic, (peerId, message) => {
    const from = keyOfPeerId(peerId);
    return from === null ? TopicValidatorResult.Ignore : VERDICTS[judge(from, message.data)];
  });
  gossip.subscribe(topic);
};

/** Sends a frame to all subscribed peers; resolves with those, with nobody when it cannot. */
export const publishFrame = async (
  gossip: GossipSub,
  topic: string,
  frame: Uint8Array,
): Promise<readonly PeerKey[]> => {
  if (frame.byteLength > FRAME_BYTES_MAX) return [];
  try {
    const { recipients } = await gossip.publish(topic, frame);
    return recipients.flatMap((peerId) => keyOfPeerId(peerId) ?? []);
  } catch {
    return []; // Best effort, and no peer to send to is no failure.
  }
};

/** What stands in the place of identify. */
export interface Introduction {
  /** What libp2p's check of services looks for when it starts. */
  readonly [serviceCapabilities]: readonly string[];
  /** Tells gossipsub that there is a member to talk to at the other end. */
  introduce(connection: Connection): void;
}

/** The service that offers it. */
export const introductionService = (components: {
  readonly events: TypedEventTarget<Libp2pEvents>;
}): Introduction => ({
  [serviceCapabilities]: ['@libp2p/identify'],
  introduce: (connection) => {
    const { remotePeer: peerId } = connection;
    const detail = { peerId, listenAddrs: [], protocols: [GOSSIP_PROTOCOL], connection };
    components.events.dispatchEvent(new CustomEvent('peer:identify', { detail }));
  },
});

/** What gossipsub holds on to by peer id, which its type does not tell. */
interface HeldStreams {
  readonly streamsOutbound: Map<string, unknown>;
}

/**
 * Looks whether gossip still flows to one member over any of its connections, and introduces it
 * anew when it does not. A stream whose far end no longer reads is given up first, and one that was
 * reset while it opened is forgotten: gossipsub 17 listens too late, and holds on to it for ever.
 */
export const mend = (
  connections: readonly Connection[],
  introduction: Introduction,
  gossip: GossipSub & Partial<HeldStreams>,
): void => {
  const streams = connections.flatMap((connection) => connection.streams.filter(isGossipOut));
  const deaf = streams.filter((stream) => stream.remoteWriteStatus !== 'writable');
  for (const stream of deaf) stream.abort(new Error('nobody reads this any more'));
  const newest = connections.findLast(({ status }) => status === 'open');
  if (deaf.length < streams.length || newest === undefined) return;
  if (streams.length === 0) gossip.streamsOutbound?.delete(newest.remotePeer.toString());
  introduction.introduce(newest);
};

const isGossipOut = ({ direction, protocol }: Stream): boolean =>
  direction === 'outbound' && protocol.startsWith('/meshsub/');
