/**
 * Loop: links — keeps a connection to every neighbour, dials others when there is a question to
 * ask them, and never gives up on anybody.
 *
 * 1. A member that can be reached again is reached again, whatever happened meanwhile: who is not
 *    known to live is dialled whoever it is, and back-off has a cap, not an end.
 * 2. Who has no standing any more is hung up on.
 * 3. Where a connection with a neighbour ended, the place where it was is dialled at once: is
 *    nobody there any more, its host says so.
 * 4. Connections beside those with neighbours stay for a while, and few of them for good.
 */
import { distinct, endpointsOf, isOverlay } from '../crdt/endpoints.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Endpoint, Ports, Standing, SwarmNode } from '../ports.ts';
import { type CutWatch, createCutWatch } from './cut-watch.ts';
import {
  BACKOFF_MS_LAST,
  createDialler,
  type Dialler,
  type DialOutcome,
  type Target,
} from './dialler.ts';
import type { Dismiss } from './dismissal.ts';
import { createMeetings } from './meetings.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import { createSpares, type Spares } from './spares.ts';
import { createWake } from './wake.ts';

/**
 * How long the member with the higher id waits before it dials a member that is new to it. Unit:
 * ms.
 */
const COURTESY_MS = 1_000;
/**
 * A member with so many connections, of which one may fail, is in no hurry for more: while a crowd
 * joins, who is whose neighbour changes with each that comes.
 */
const LINKS_ENOUGH = 2;
const SETTLE_MS = 8_000;
/** How long others have to say that a member lives before it is dialled to find out. Unit: ms. */
const HEARSAY_MS = 5_000;
/**
 * Pause between two who are dialled because the token names them. Unit: ms. The first mostly
 * answers, though not soon where many join at once.
 */
const ENTRY_MS = 2_000;
/** How long a place that somebody named is tried. Unit: ms. */
const HINT_MS = 60_000;
/** Longest wait for connections with those who are to be asked. Unit: ms. */
const MEET_MS = 3_000;

type LinkPorts = Pick<Ports, 'clock' | 'random' | 'log'>;

/** What links need to know of the rest of the node. */
export interface LinkContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly standing: (peer: PeerKey) => Standing;
  readonly neighbourhood: Pick<Neighbourhood, 'has' | 'knows' | 'degree'>;
  /** Whether it is known to live, by its own word or an answer. */
  readonly isAlive: (peer: PeerKey) => boolean;
  readonly dismiss: Dismiss;
  /** Where the token said that members are, for those of whom the state says nothing yet. */
  readonly entries: readonly { readonly member: PeerKey; readonly endpoint: Endpoint }[];
}

/** The running loop, as others use it. */
export interface Links {
  /**
   * Who answered the last dial and cut this VM off, and for how long already, ms: it may have been
   * evicted.
   */
  cutBy(): ReadonlyMap<PeerKey, number>;
  /** Looks again: the view changed, or who is alive. */
  mark(): void;
  /** Dials a member now, where its turn would come later or not at all. */
  reach(member: PeerKey): void;
  /**
   * Connects with those of these members that are known to live, to ask them something; done when
   * each is connected or was dialled in vain, or after 3 s.
   */
  meet(members: readonly PeerKey[]): Promise<void>;
  /** Looks at this place for everybody who is not connected, now and for a minute. */
  seek(place: Endpoint): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

/** What the loop remembers. */
interface Desk {
  readonly context: LinkContext;
  readonly dialler: Dialler;
  readonly spares: Spares;
  /** Told, at each step, which members cut this VM off. */
  readonly watchCuts: CutWatch;
  /** Who is to be dialled though it is no neighbour. */
  readonly asked: Set<PeerKey>;
  /** Where each was last connected from or at. */
  readonly places: Map<PeerKey, Endpoint>;
  /** Called when a member is connected, or was dialled in vain. */
  readonly onSettled: (peer: PeerKey) => void;
  connected: ReadonlySet<PeerKey>;
  /** Where somebody said that a member is, and until when that is tried, monotonic ms. */
  hint: { readonly place: Endpoint; readonly untilMs: number } | null;
}

/** Makes the loop; it does nothing until `run`. */
export function createLinks(
  ports: LinkPorts,
  context: LinkContext,
  tell: (peer: PeerKey, outcome: DialOutcome) => void,
): Links {
  const wake = createWake(ports.clock);
  const meetings = createMeetings(ports.clock);
  const dialler = createDialler(ports, (peer, outcome) => {
    desk.asked.delete(peer);
    if (outcome !== null && !desk.connected.has(peer)) tell(peer, outcome);
    meetings.settle(peer);
    wake.mark();
  });
  const desk = openDesk(ports, context, { dialler, onSettled: meetings.settle });
  const reach = (member: PeerKey): void => {
    desk.spares.use(member);
    if (desk.connected.has(member)) return;
    desk.asked.add(member);
    dialler.hurry(member);
    wake.mark();
  };
  return {
    cutBy: dialler.cutBy,
    mark: wake.mark,
    reach,
    meet: async (members) => {
      const living = members.filter((member) => context.isAlive(member));
      const met = meetings.wait(absentOf(desk, living), MEET_MS);
      for (const member of living) reach(member);
      await met;
    },
    seek: (place) => {
      desk.hint = { place, untilMs: ports.clock.monotonicMs() + HINT_MS };
      for (const { peer } of targetsOf(desk, ports.clock.monotonicMs(), () => true)) reach(peer);
    },
    run: async (swarm, signal) => {
      const unlisten = swarm.onConnectionChange(() => {
        look(desk, swarm);
        wake.mark();
      });
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        await wake.wait(step(desk, swarm, ports.clock.monotonicMs(), isFirst), signal);
      }
      unlisten();
    },
  };
}

const openDesk = (
  { clock, log }: LinkPorts,
  context: LinkContext,
  hands: Pick<Desk, 'dialler' | 'onSettled'>,
): Desk => ({
  ...{ ...hands, context, spares: createSpares(clock), watchCuts: createCutWatch(log) },
  ...{ asked: new Set(), places: new Map(), connected: new Set(), hint: null },
});

const absentOf = ({ connected }: Desk, members: readonly PeerKey[]): readonly PeerKey[] =>
  members.filter((member) => !connected.has(member));

/** Does what is to be done now; tells how long to wait for more, ms. */
function step(desk: Desk, swarm: SwarmNode, nowMs: number, isFirst: boolean): number {
  look(desk, swarm);
  hangUp(desk, swarm);
  const { context, dialler, watchCuts } = desk;
  const cut = [...dialler.cutBy()].filter(([peer]) => context.standing(peer) === 'member');
  watchCuts(new Map(cut));
  return Math.min(dialAbsent(desk, swarm, nowMs, isFirst), desk.spares.dueInMs());
}

/** Takes who is connected from the swarm. */
function look(desk: Desk, swarm: SwarmNode): void {
  const { dialler, places, spares, asked } = desk;
  const live = swarm.connections();
  const now = new Set(live.map(({ peer }) => peer));
  for (const peer of desk.connected) {
    if (!now.has(peer)) dialler.lose(peer, places.get(peer) ?? null);
  }
  for (const { peer, remote } of live) {
    places.set(peer, remote);
    if (desk.connected.has(peer)) continue;
    dialler.forget(peer);
    asked.delete(peer);
    spares.use(peer);
    desk.onSettled(peer);
  }
  desk.connected = now;
}

/** Hangs up on strangers, and on members of whom there is no more need. */
function hangUp({ context, spares, connected }: Desk, swarm: SwarmNode): void {
  const { neighbourhood, standing, dismiss } = context;
  for (const peer of connected) if (standing(peer) === 'stranger') dismiss(swarm, peer);
  const members = [...connected].filter((peer) => standing(peer) === 'member');
  const others = members.filter((peer) => !neighbourhood.has(peer));
  const room = neighbourhood.degree() + SPARES_MAX - (members.length - others.length);
  for (const peer of spares.tooMany(others, room)) void swarm.hangUp(peer); // Invariant 4.
}

/** Connections beside those with neighbours that a member may have for good. */
const SPARES_MAX = 4;

/** Dials who is absent; tells how long to wait for more, ms. */
function dialAbsent(desk: Desk, swarm: SwarmNode, nowMs: number, isFirst: boolean): number {
  const { dialler, connected } = desk;
  const isWanted = (peer: PeerKey): boolean => !connected.has(peer) && isDue(desk, peer);
  const absent = targetsOf(desk, nowMs, isWanted);
  const waits = absent.map((target) =>
    dialler.consider(swarm, target, courtesyMs(desk, target.peer, isFirst), absent.length),
  );
  return Math.min(BACKOFF_MS_LAST, ...waits); // Invariant 1.
}

const isDue = ({ context, asked }: Desk, peer: PeerKey): boolean =>
  asked.has(peer) || context.neighbourhood.has(peer) || !context.isAlive(peer);

/** How long a member that is new to this one is left to dial first. */
function courtesyMs({ context, connected }: Desk, peer: PeerKey, isFirst: boolean): number {
  const { neighbourhood, entries } = context;
  if (!neighbourhood.knows(peer)) {
    const turn = entries.findIndex(({ member }) => member === peer);
    return ENTRY_MS * Math.max(0, turn);
  }
  if (!neighbourhood.has(peer)) return HEARSAY_MS;
  if (isFirst) return 0;
  const ownMs = context.self < peer ? 0 : COURTESY_MS;
  return connected.size >= LINKS_ENOUGH ? SETTLE_MS + ownMs : ownMs;
}

/** Everybody who is wanted and may be dialled, with where to try; sorted by key. */
function targetsOf(
  { context, hint, connected }: Desk,
  nowMs: number,
  isWanted: (peer: PeerKey) => boolean,
): readonly Target[] {
  const view = context.view();
  const hinted = hint !== null && nowMs < hint.untilMs ? [hint.place] : [];
  const targets = new Map<PeerKey, readonly Endpoint[]>();
  for (const { member, endpoint } of context.entries) {
    if (!isWanted(member) || context.standing(member) !== 'member') continue;
    if (isOverlay(view.mesh, endpoint.host)) continue;
    targets.set(member, [...(targets.get(member) ?? []), endpoint]);
  }
  for (const member of view.members) {
    if (member.hasLeft || !isWanted(member.id)) continue;
    const known = [...endpointsOf(member, view.mesh), ...(targets.get(member.id) ?? [])];
    targets.set(member.id, connected.has(member.id) ? known : distinct([...hinted, ...known]));
  }
  targets.delete(context.self);
  return [...targets]
    .filter(([, endpoints]) => endpoints.length > 0)
    .map(([peer, endpoints]) => ({ peer, endpoints }))
    .toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
}
