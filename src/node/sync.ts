/**
 * Loop: sync — brings this member and its neighbours in step, and makes the loss of any gossip
 * harmless.
 *
 * 1. A new connection, a gap in gossip and a wish (`with`) mark a peer; one loop acts on the marks.
 * 2. Besides, every 30 s one connected member, drawn at random, is asked.
 * 3. Rounds end when neither side took anything: what cannot be judged yet is left for later.
 * 4. Who took something marks its other neighbours: what heals one link heals those behind it.
 */

import type { Head } from '../crdt/chain.ts';
import type { PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import type { GossipVerdict, Ports, SwarmNode } from '../ports.ts';
import type { Replica } from './replica.ts';
import { decodeSync, encodeSync, type SyncMessage } from './rules/sync-message.ts';
import { createWake, type Wake } from './wake.ts';

/**
 * Time between two rounds nobody asked for. Unit: ms, ±25 %. DESIGN §3: loss must be harmless,
 * idle traffic small.
 */
const ROUND_MS = 30_000;
/** Longest wait for an answer. Unit: ms. A batch of 512 KiB over 1 Mb/s takes 4 s. */
const ANSWER_MS = 15_000;
/** Frames sent in one message. Unit: bytes. Small enough not to stall the event loop for 50 ms. */
const BATCH_BYTES = 512 * 1024;
/** Longest message: one snapshot of 9 MiB and its heads. Unit: bytes. */
const MESSAGE_BYTES_MAX = 10 * 1024 * 1024;
/** Rounds with one peer in a row; more frames than that are fetched by the next mark. */
const ROUNDS_MAX = 1_000;

/** The running loop, as others use it. */
export interface Sync {
  /** Comes in step with a connected peer now; tells whether it holds all that we said. */
  with(peer: PeerKey): Promise<boolean>;
  /** Whether we came in step with the peer since it connected. */
  isInStep(peer: PeerKey): boolean;
  /** Judges a gossiped frame. */
  judge(from: PeerKey, frame: Uint8Array): GossipVerdict;
  /** Starts serving and asking on a swarm node; ends with `signal`. */
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

type SyncPorts = Pick<Ports, 'clock' | 'random' | 'log'>;

/** Makes the loop; it does nothing until `run`. */
export function createSync(ports: SyncPorts, replica: Replica): Sync {
  const wake = createWake(ports.clock);
  const marked = new Set<PeerKey>();
  const inStep = new Set<PeerKey>();
  let node: SwarmNode | null = null;
  const reached = (peer: PeerKey): void => {
    inStep.add(peer);
  };
  const markOthers = (source: PeerKey): void => {
    for (const { peer } of node?.connections() ?? []) if (peer !== source) marked.add(peer);
    wake.mark();
  };
  const comeInStep = async (peer: PeerKey): Promise<boolean> => {
    if (node === null) return false;
    const failed: Exchanged = { isDone: false, hasTaken: false, hasOurs: false };
    const { isDone, hasTaken, hasOurs } = await exchange(node, replica, peer).catch(
      (error: unknown) => {
        ports.log.warn('sync-failed', { peer, why: String(error) });
        return failed;
      },
    );
    if (isDone) reached(peer);
    if (isDone && hasOurs) replica.reassure();
    if (hasTaken) markOthers(peer);
    return isDone && hasOurs;
  };
  return {
    with: comeInStep,
    isInStep: (peer) => inStep.has(peer),
    judge: (from, frame) => {
      const receipt = replica.receive([frame])[0];
      if (receipt?.verdict === 'held' && receipt.why !== 'ahead') {
        marked.add(from);
        wake.mark();
      }
      return verdictOf(receipt);
    },
    run: async (swarm, signal) => {
      node = swarm;
      const unhandle = serve(swarm, replica, { reached, markOthers });
      const unlisten = swarm.onConnectionChange((peer) => {
        inStep.delete(peer);
        if (isConnected(swarm, peer)) marked.add(peer);
        wake.mark();
      });
      const unfollow = replica.onChange((own) => own !== null && swarm.publish(own));
      await act(ports, { swarm, wake, marked, comeInStep }, signal);
      unfollow();
      unlisten();
      unhandle();
      node = null;
    },
  };
}

interface Work {
  readonly swarm: SwarmNode;
  readonly wake: Wake;
  readonly marked: Set<PeerKey>;
  readonly comeInStep: (peer: PeerKey) => Promise<boolean>;
}

async function act(ports: SyncPorts, work: Work, signal: AbortSignal): Promise<void> {
  const { swarm, wake, marked, comeInStep } = work;
  for (const { peer } of swarm.connections()) marked.add(peer);
  if (marked.size > 0) wake.mark();
  while (!signal.aborted) {
    const jitter = 0.75 + ports.random.fraction() / 2;
    const wasMarked = await wake.wait(ROUND_MS * jitter, signal);
    if (signal.aborted) return;
    if (!wasMarked) {
      const peers = swarm.connections();
      const drawn = peers[Math.floor(ports.random.fraction() * peers.length)];
      if (drawn !== undefined) marked.add(drawn.peer);
    }
    const turn = [...marked].filter((peer) => isConnected(swarm, peer)).toSorted();
    marked.clear();
    await Promise.all(turn.map(comeInStep));
  }
}

function serve(
  swarm: SwarmNode,
  replica: Replica,
  tell: Record<'reached' | 'markOthers', (peer: PeerKey) => void>,
): () => void {
  const options = { bytesMax: MESSAGE_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('sync', options, async ({ peer }, request) => {
    const asked = decodeSync(request);
    if (asked === null) throw new Error('a sync request that is none');
    if (hasNew(replica.receive(asked.frames))) tell.markOthers(peer);
    const heads = replica.heads();
    const frames = replica.framesAfter(asked.heads, BATCH_BYTES);
    if (frames.length === 0 && isEqual(heads, asked.heads)) tell.reached(peer);
    return encodeSync({ heads, frames });
  });
}

interface Exchanged {
  readonly isDone: boolean;
  readonly hasTaken: boolean;
  /** Whether the peer holds all that this member said: it may hold it back, or not take it. */
  readonly hasOurs: boolean;
}

async function exchange(swarm: SwarmNode, replica: Replica, peer: PeerKey): Promise<Exchanged> {
  let theirs: readonly Head[] = [];
  let hasTaken = false;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const frames = round === 0 ? [] : replica.framesAfter(theirs, BATCH_BYTES);
    const answer = await ask(swarm, peer, { heads: replica.heads(), frames });
    const takes = hasNew(replica.receive(answer.frames));
    hasTaken ||= takes;
    const hasGiven = frames.length > 0 && !isEqual(answer.heads, theirs);
    theirs = answer.heads;
    const hasMore = replica.framesAfter(theirs, BATCH_BYTES).length > 0;
    if (!takes && (!hasMore || (round > 0 && !hasGiven))) {
      return { isDone: true, hasTaken, hasOurs: holdsOwn(swarm.self, replica.heads(), theirs) };
    }
  }
  return { isDone: false, hasTaken, hasOurs: false };
}

const holdsOwn = (self: PeerKey, ours: readonly Head[], theirs: readonly Head[]): boolean => {
  const ofSelf = (heads: readonly Head[]) => heads.filter(({ author }) => author === self);
  return isEqual(ofSelf(ours), ofSelf(theirs));
};

const hasNew = (receipts: readonly Receipt[]): boolean =>
  receipts.some(({ verdict }) => verdict === 'taken');

async function ask(swarm: SwarmNode, peer: PeerKey, message: SyncMessage): Promise<SyncMessage> {
  const answer = decodeSync(await swarm.request(peer, 'sync', encodeSync(message), ANSWER_MS));
  if (answer === null) throw new Error('a sync answer that is none');
  return answer;
}

const isConnected = (swarm: SwarmNode, peer: PeerKey): boolean =>
  swarm.connections().some((connection) => connection.peer === peer);

const isEqual = (a: readonly Head[], b: readonly Head[]): boolean =>
  a.length === b.length &&
  a.every((head, index) => {
    const other = b[index];
    return (
      other !== undefined &&
      head.author === other.author &&
      head.generation === other.generation &&
      head.sequence === other.sequence
    );
  });

function verdictOf(receipt: Receipt | undefined): GossipVerdict {
  if (receipt?.verdict === 'taken') return 'accept';
  // Of two frames for one place each is good for those who took it first: no fault of who sends it.
  const isBad = receipt?.verdict === 'rejected' && receipt.why !== 'equivocation';
  return isBad ? 'reject' : 'ignore';
}
