/**
 * Loop: sync — brings this member and its neighbours in step, and makes the loss of any gossip
 * harmless.
 *
 * 1. A new connection, a gap in gossip and a wish (`with`) mark a peer; one loop acts on the marks.
 * 2. Besides, within 30 s each time, one connected member, drawn at random, is asked, whatever was
 *    marked meanwhile: so who lost gossip, without a gap to show it, has it sooner or later.
 * 3. No peer waits for another: each has its own exchange, at most one at a time, of a few. A mark
 *    during it leads to one more.
 * 4. Who took something passes it on: what heals one link heals those behind it (`relay.ts`).
 * 5. What gossip brings too much of, or cannot bring, comes by an exchange (`gossip-judge.ts`).
 * 6. Only members are asked: the holder of an invite may do nothing but join.
 * 7. A clock that was set, ours or a peer's, is measured anew at once, so that its alarm comes and
 *    goes soon in a mesh of any size; and what waited for the clock is asked for.
 * 8. What is long is not gossiped but fetched: it is taken in pieces, and gossip is judged in one.
 * 9. Who sends what is bad for everybody, by gossip, in questions or in answers, is muted for a
 *    while: nothing more of it is looked at. Its connection stays: the VPN needs it.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { GossipVerdict, Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import { type ClockWatch, openClockWatch } from './clock-watch.ts';
import {
  askEach,
  createLine,
  type Exchanged,
  exchange,
  type News,
  type Scene,
  serveExchanges,
} from './exchange.ts';
import { createJudge } from './gossip-judge.ts';
import { createMarks, type Marks } from './marks.ts';
import { GOSSIP_BYTES_MAX, relay } from './relay.ts';
import type { Replica } from './replica.ts';
import { createInStep, type InStep } from './rules/in-step.ts';
import { createMutes, MUTE_MS, type Mutes } from './rules/mutes.ts';
import type { Versions } from './rules/sync-message.ts';
import { createRounds } from './sync-rounds.ts';
import { createTurns } from './turns.ts';
import type { Twins } from './twins.ts';

/** Exchanges under way at once, so that a hundred new connections do not mean 50 MiB of batches. */
const EXCHANGES_MAX = 8;
/** Time until whoever sent gossip over that limit is asked for what it holds. Unit: ms. */
const LATER_MS = 1_000;

/** The running loop, as others use it. */
export interface Sync {
  /** Comes in step with a connected peer now; tells whether it holds all that we said. */
  with(peer: PeerKey): Promise<boolean>;
  /** Whether we came in step with the peer since it connected. */
  isInStep(peer: PeerKey): boolean;
  /** Connected peers that kept us waiting for that for too long. */
  overdue(): readonly PeerKey[];
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
  readonly marks: Marks;
  readonly inStep: InStep;
  readonly clocks: ClockWatch;
  /** Connected peers of another version. */
  readonly strangers: Map<PeerKey, Versions>;
  readonly mutes: Mutes;
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
  const inStep = createInStep();
  const desk: Desk = {
    ports,
    replica,
    isMember,
    twins,
    marks: createMarks(ports.clock),
    inStep,
    clocks: openClockWatch(ports.clock),
    strangers: new Map(),
    mutes: createMutes(),
    scene: null,
  };
  const comeInStep = createTurns((peer: PeerKey) => meet(desk, peer));
  return {
    with: comeInStep,
    isInStep: inStep.has,
    overdue: () => inStep.overdue(ports.clock.monotonicMs()),
    skewsMs: desk.clocks.skewsMs,
    strangers: () => desk.strangers,
    judge: createJudge({
      ...{ clock: ports.clock, replica, marks: desk.marks, strangers: desk.strangers },
      isMuted: (peer) => isMuted(desk, peer),
      onBad: (peer) => blame(desk, peer, 1),
      onFork: (peer) => markOthers(desk, peer),
      onFlood: (peer) => {
        if (desk.scene !== null) desk.marks.addLater(peer, LATER_MS, desk.scene.signal);
      },
    }),
    run: async (swarm, signal) => {
      const scene = openScene(desk, swarm, signal);
      desk.scene = scene;
      const ends = listen(desk, scene);
      for (const { peer } of swarm.connections()) noteConnection(desk, swarm, peer);
      await act(desk, scene, comeInStep);
      for (const end of ends.toReversed()) end();
      desk.scene = null;
    },
  };
}

const listen = (desk: Desk, scene: Scene): readonly Unsubscribe[] => [
  serveExchanges(scene, {
    asked: desk.marks.noteExchange,
    reached: (peer) => desk.inStep.reach(peer, desk.ports.clock.monotonicMs()),
  }),
  scene.swarm.onConnectionChange((peer) => {
    desk.marks.forget(peer);
    desk.clocks.forget(peer);
    desk.strangers.delete(peer);
    noteConnection(desk, scene.swarm, peer);
  }),
  desk.replica.onChange((own) => own !== null && spread(desk, scene.swarm, own)),
];

/** A connection came or went: who is still there is asked. */
function noteConnection({ ports, inStep, marks }: Desk, swarm: SwarmNode, peer: PeerKey): void {
  const isConnected = swarm.connections().some((connection) => connection.peer === peer);
  inStep.noteConnection(peer, isConnected, ports.clock.monotonicMs());
  marks.add(peer);
}

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
      if (waitMs === 0) desk.marks.add(peer);
      // The peer says so once: nothing else may come of it for a minute.
      else if (waitMs !== null) desk.marks.addLater(peer, waitMs, signal);
    },
    onTwinNews: (peer) => void askInTurn(peer),
    onVersions: (peer, versions) => noteVersions(desk, peer, versions),
    onNews: (peer, news) => passOn(desk, peer, news),
    onBad: (peer, frames) => blame(desk, peer, frames),
    isMuted: (peer) => isMuted(desk, peer),
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

/** Invariant 4. */
const passOn = ({ marks, scene }: Desk, source: PeerKey, news: readonly News[]): void => {
  if (scene !== null) void relay(scene.swarm, marks, { source, news }, scene.signal);
};

const markOthers = ({ marks, scene }: Desk, source: PeerKey): void => {
  for (const { peer } of scene?.swarm.connections() ?? []) if (peer !== source) marks.add(peer);
};

/** Invariant 8. */
const spread = (desk: Desk, swarm: SwarmNode, own: Uint8Array): void => {
  if (own.length <= GOSSIP_BYTES_MAX) void swarm.publish(own);
  else markOthers(desk, swarm.self);
};

const isMuted = ({ ports, mutes }: Desk, peer: PeerKey): boolean =>
  mutes.isMuted(peer, ports.clock.monotonicMs());

/** Invariant 9. */
function blame({ ports, mutes, marks, scene }: Desk, peer: PeerKey, frames: number): void {
  if (!mutes.blame(peer, frames, ports.clock.monotonicMs())) return;
  ports.log.warn('peer-muted', { peer, seconds: MUTE_MS / 1_000 });
  if (scene !== null) marks.addLater(peer, MUTE_MS, scene.signal);
}

const FAILED: Exchanged = { isDone: false, hasOurs: false };

/** One exchange. Tells whether the peer then holds all that we said. Never rejects. */
async function meet(desk: Desk, peer: PeerKey): Promise<boolean> {
  const { ports, replica, inStep, scene, marks } = desk;
  if (scene === null || isMuted(desk, peer)) return false;
  marks.noteExchange(peer);
  let hasFailed = false;
  const { isDone, hasOurs } = await exchange(scene, peer).catch((error: unknown) => {
    ports.log.warn('sync-failed', { peer, why: String(error) });
    hasFailed = true;
    return FAILED;
  });
  if (isDone) inStep.reach(peer, ports.clock.monotonicMs());
  if (isDone) replica.confirm();
  if (isDone && hasOurs) replica.reassure();
  if (!isDone && !hasFailed) marks.add(peer);
  return isDone && hasOurs;
}

async function act(
  desk: Desk,
  { swarm, signal }: Scene,
  comeInStep: (peer: PeerKey) => Promise<boolean>,
): Promise<void> {
  const { ports, marks, clocks } = desk;
  const underWay = new Map<PeerKey, Promise<unknown>>();
  const rounds = createRounds(ports);
  while (!signal.aborted) {
    await marks.wait(rounds.dueInMs(), signal);
    if (signal.aborted) break;
    const members = connectedMembers(desk, swarm);
    if (clocks.hasStepped()) for (const peer of members) marks.add(peer);
    if (rounds.takeDue()) {
      const drawn = members[Math.floor(ports.random.fraction() * members.length)];
      if (drawn !== undefined) marks.add(drawn);
      // What waits for our clock only its author holds.
      for (const { author } of desk.replica.ahead()) marks.add(author);
    }
    marks.take((peer) => {
      if (underWay.has(peer) || underWay.size >= EXCHANGES_MAX) return false;
      // It is asked when its time is over.
      if (isMuted(desk, peer)) return false;
      if (!members.includes(peer)) return true;
      const end = comeInStep(peer).finally(() => {
        underWay.delete(peer);
        marks.retry();
      });
      underWay.set(peer, end);
      return true;
    });
  }
  await Promise.all(underWay.values());
}

const connectedMembers = (desk: Desk, swarm: SwarmNode): readonly PeerKey[] =>
  swarm
    .connections()
    .map(({ peer }) => peer)
    .filter((peer) => desk.isMember(peer) && !isMuted(desk, peer));
