/**
 * Loop: sync — brings this member and its neighbours in step, and makes the loss of any gossip
 * harmless.
 *
 * 1. A new connection, a gap in gossip and a wish (`with`) mark a peer; one loop acts on the marks.
 * 2. Besides, within 30 s each time, one connected member, drawn at random, is asked, whatever was
 *    marked meanwhile: so whoever lost gossip, without a gap to show it, has it by then.
 * 3. No peer waits for another: each has its own exchange, at most one at a time, of a few. A mark
 *    during it leads to one more.
 * 4. Who took something marks its other neighbours: what heals one link heals those behind it.
 * 5. Of each author so much new gossip is taken, and no more; the rest comes by an exchange.
 * 6. Only members are asked: the holder of an invite may do nothing but join.
 * 7. A clock that was set, ours or a peer's, is measured anew at once, so that its alarm comes and
 *    goes soon in a mesh of any size; and what waited for the clock is asked for.
 * 8. What is long is not gossiped but fetched: it is taken in pieces, and gossip is judged in one.
 */
import { readFrame } from '../crdt/frame.ts';
import { memberIdOf, type PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import type { GossipVerdict, Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import { type ClockWatch, openClockWatch } from './clock-watch.ts';
import {
  askEach,
  createLine,
  type Exchanged,
  exchange,
  type Scene,
  serveExchanges,
} from './exchange.ts';
import type { Replica } from './replica.ts';
import { type Buckets, createBuckets } from './rules/bucket.ts';
import type { Versions } from './rules/sync-message.ts';
import { createRounds } from './sync-rounds.ts';
import { createTurns } from './turns.ts';
import type { Twins } from './twins.ts';
import { createWake, type Wake } from './wake.ts';

/** Exchanges under way at once, so that a hundred new connections do not mean 50 MiB of batches. */
const EXCHANGES_MAX = 8;
/**
 * What is taken of an author from gossip: frames at once, and per second, so that it is 64 KiB per
 * second in the long run.
 */
const GOSSIP_BURST = 64;
const GOSSIP_PER_SECOND = 4;
/**
 * Longest frame that is gossiped. Unit: bytes. It is judged in one piece: 16 KiB of admissions take
 * some 7 ms, the longest frame of all would take 30.
 */
const GOSSIP_BYTES_MAX = 16 * 1024;
/** Time until whoever sent gossip over that limit is asked for what it holds. Unit: ms. */
const LATER_MS = 1_000;

/** The running loop, as others use it. */
export interface Sync {
  /** Comes in step with a connected peer now; tells whether it holds all that we said. */
  with(peer: PeerKey): Promise<boolean>;
  /** Whether we came in step with the peer since it connected. */
  isInStep(peer: PeerKey): boolean;
  /** By how much the clocks of connected members are ahead of this VM's, ms. */
  skewsMs(): ReadonlyMap<PeerKey, number>;
  /** Connected peers that speak other versions than this program, and which. */
  strangers(): ReadonlyMap<PeerKey, Versions>;
  /** Judges a gossiped frame. */
  judge(from: PeerKey, frame: Uint8Array): GossipVerdict;
  /** Starts serving and asking on a swarm node; ends with `signal`. */
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

type SyncPorts = Pick<Ports, 'clock' | 'random' | 'log'>;

/** What the parts of the loop share. */
interface Desk {
  readonly ports: SyncPorts;
  readonly replica: Replica;
  readonly isMember: (peer: PeerKey) => boolean;
  readonly twins: Twins;
  readonly wake: Wake;
  readonly marked: Set<PeerKey>;
  readonly inStep: Set<PeerKey>;
  readonly clocks: ClockWatch;
  /** Connected peers of another version. */
  readonly strangers: Map<PeerKey, Versions>;
  /** By author. */
  readonly gossip: Buckets;
  /** Who will be marked in a while. */
  readonly later: Set<PeerKey>;
  /** Null while it does not run. */
  scene: Scene | null;
}

/** Makes the loop; it does nothing until `run`. `isMember`: whether a peer counts as a member. */
export function createSync(
  ports: SyncPorts,
  replica: Replica,
  isMember: (peer: PeerKey) => boolean,
  twins: Twins,
): Sync {
  const wake = createWake(ports.clock);
  const inStep = new Set<PeerKey>();
  const desk: Desk = {
    ports,
    replica,
    isMember,
    twins,
    wake,
    marked: new Set(),
    inStep,
    clocks: openClockWatch(ports.clock),
    strangers: new Map(),
    gossip: createBuckets(GOSSIP_BURST, GOSSIP_PER_SECOND),
    later: new Set(),
    scene: null,
  };
  const comeInStep = createTurns((peer: PeerKey) => meet(desk, peer));
  return {
    with: comeInStep,
    isInStep: (peer) => inStep.has(peer),
    skewsMs: desk.clocks.skewsMs,
    strangers: () => desk.strangers,
    judge: (from, frame) => judge(desk, from, frame),
    run: async (swarm, signal) => {
      const scene = openScene(desk, swarm, signal);
      desk.scene = scene;
      const ends = listen(desk, scene);
      for (const { peer } of swarm.connections()) mark(desk, peer);
      await act(desk, scene, comeInStep);
      for (const end of ends.toReversed()) end();
      desk.scene = null;
    },
  };
}

const listen = (desk: Desk, scene: Scene): readonly Unsubscribe[] => [
  serveExchanges(scene, {
    reached: (peer) => desk.inStep.add(peer),
    hasTaken: (peer) => markOthers(desk, peer),
  }),
  scene.swarm.onConnectionChange((peer) => {
    desk.inStep.delete(peer);
    desk.clocks.forget(peer);
    desk.strangers.delete(peer);
    mark(desk, peer);
  }),
  desk.replica.onChange((own) => own !== null && spread(desk, scene.swarm, own)),
];

const openScene = (desk: Desk, swarm: SwarmNode, signal: AbortSignal): Scene => {
  const { ports, replica, twins, clocks } = desk;
  const askInTurn = createTurns((peer: PeerKey) => askEach(scene, peer));
  const scene: Scene = {
    clock: ports.clock,
    swarm,
    replica,
    twins,
    line: createLine(),
    signal,
    onClock: clocks.note,
    onClockSaid: (peer, wallMs) => {
      const waitMs = clocks.changedIn(peer, wallMs);
      if (waitMs === 0) mark(desk, peer);
      // The peer says so once: nothing else may come of it for a minute.
      else if (waitMs !== null) markLater(desk, peer, waitMs);
    },
    onTwinNews: (peer) => void askInTurn(peer),
    onVersions: (peer, versions) => noteVersions(desk, peer, versions),
  };
  return scene;
};

function noteVersions({ ports, strangers }: Desk, peer: PeerKey, versions: Versions | null): void {
  if (versions === null) {
    strangers.delete(peer);
    return;
  }
  if (!strangers.has(peer)) ports.log.error('version-mismatch', { peer, ...versions });
  strangers.set(peer, versions);
}

const mark = ({ marked, wake }: Desk, peer: PeerKey): void => {
  marked.add(peer);
  wake.mark();
};

const markOthers = (desk: Desk, source: PeerKey): void => {
  for (const { peer } of desk.scene?.swarm.connections() ?? []) {
    if (peer !== source) mark(desk, peer);
  }
};

/** Invariant 8. */
const spread = (desk: Desk, swarm: SwarmNode, own: Uint8Array): void => {
  if (own.length <= GOSSIP_BYTES_MAX) swarm.publish(own);
  else markOthers(desk, swarm.self);
};

function judge(desk: Desk, from: PeerKey, bytes: Uint8Array): GossipVerdict {
  const { ports, replica, gossip, strangers } = desk;
  if (strangers.has(from)) return 'ignore'; // Its alarm says that nothing is exchanged.
  const nowMs = ports.clock.monotonicMs();
  const read = readFrame(bytes);
  if (read.ok && bytes.length > GOSSIP_BYTES_MAX) {
    mark(desk, from);
    return 'ignore';
  }
  const author = read.ok ? memberIdOf(read.frame.author) : null;
  if (author !== null && !gossip.hasLeft(author, nowMs)) {
    markLater(desk, from, LATER_MS);
    return 'ignore';
  }
  const receipt = replica.receive([bytes])[0];
  if (receipt?.verdict === 'held' && receipt.why !== 'ahead') mark(desk, from);
  if (receipt?.verdict === 'forked') markOthers(desk, from);
  // Only what is taken counts: nobody else can use up what an author has.
  if (receipt?.verdict === 'taken') {
    gossip.spend(receipt.author, 1, nowMs);
  }
  return verdictOf(receipt);
}

const markLater = (desk: Desk, peer: PeerKey, waitMs: number): void => {
  const { ports, later, scene } = desk;
  if (scene === null || later.has(peer)) return;
  later.add(peer);
  void ports.clock.sleep(waitMs, scene.signal).then(() => {
    later.delete(peer);
    mark(desk, peer);
  });
};

const FAILED: Exchanged = { isDone: false, hasTaken: false, hasOurs: false };

/** One exchange. Tells whether the peer then holds all that we said. Never rejects. */
async function meet(desk: Desk, peer: PeerKey): Promise<boolean> {
  const { ports, replica, inStep, scene } = desk;
  if (scene === null) return false;
  let hasFailed = false;
  const { isDone, hasTaken, hasOurs } = await exchange(scene, peer).catch((error: unknown) => {
    ports.log.warn('sync-failed', { peer, why: String(error) });
    hasFailed = true;
    return FAILED;
  });
  if (isDone) inStep.add(peer);
  if (isDone) replica.confirm();
  if (isDone && hasOurs) replica.reassure();
  if (!isDone && !hasFailed) mark(desk, peer);
  if (hasTaken) markOthers(desk, peer);
  return isDone && hasOurs;
}

async function act(
  desk: Desk,
  { swarm, signal }: Scene,
  comeInStep: (peer: PeerKey) => Promise<boolean>,
): Promise<void> {
  const { ports, wake, marked, clocks } = desk;
  const underWay = new Map<PeerKey, Promise<unknown>>();
  const rounds = createRounds(ports);
  while (!signal.aborted) {
    await wake.wait(rounds.dueInMs(), signal);
    if (signal.aborted) break;
    const members = connectedMembers(desk, swarm);
    if (clocks.hasStepped()) for (const peer of members) marked.add(peer);
    if (rounds.takeDue()) {
      const drawn = members[Math.floor(ports.random.fraction() * members.length)];
      if (drawn !== undefined) marked.add(drawn);
      // What waits for our clock only its author holds.
      for (const { author } of desk.replica.ahead()) marked.add(author);
    }
    for (const peer of [...marked]) {
      if (underWay.has(peer) || underWay.size >= EXCHANGES_MAX) continue;
      marked.delete(peer);
      if (!members.includes(peer)) continue;
      const end = comeInStep(peer).finally(() => {
        underWay.delete(peer);
        if (marked.size > 0) wake.mark();
      });
      underWay.set(peer, end);
    }
  }
  await Promise.all(underWay.values());
}

const connectedMembers = ({ isMember }: Desk, swarm: SwarmNode): readonly PeerKey[] =>
  swarm
    .connections()
    .map(({ peer }) => peer)
    .filter(isMember);

function verdictOf(receipt: Receipt | undefined): GossipVerdict {
  if (receipt?.verdict === 'taken') return 'accept';
  // The proof of a fork is not passed on: to who lacks the other frame it may look bad.
  return receipt?.verdict === 'rejected' ? 'reject' : 'ignore';
}
