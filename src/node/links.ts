/**
 * Loop: links — keeps a connection to every member, and never gives up on one.
 *
 * 1. A member that can be reached again is reached again, whatever happened meanwhile: back-off
 *    has a cap, not an end.
 * 2. Who has no standing any more is hung up on.
 * 3. Where a connection ended, the place where the member was is dialled at once: is nobody there
 *    any more, its host says so.
 */
import { endpointsOf, isOverlay } from '../crdt/endpoints.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Endpoint, Ports, Standing, SwarmNode } from '../ports.ts';
import {
  BACKOFF_MS_LAST,
  createDialler,
  type Dialler,
  type DialOutcome,
  type Target,
} from './dialler.ts';
import type { Dismiss } from './dismissal.ts';
import { createWake } from './wake.ts';

/**
 * How long the member with the higher id waits before it dials a member that is new to it. Unit:
 * ms.
 */
const COURTESY_MS = 1_000;
type LinkPorts = Pick<Ports, 'clock' | 'random' | 'log'>;

/** What links need to know of the rest of the node. */
export interface LinkContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly standing: (peer: PeerKey) => Standing;
  readonly dismiss: Dismiss;
  /** Where the token said that members are, for those of whom the state says nothing yet. */
  readonly entries: readonly { readonly member: PeerKey; readonly endpoint: Endpoint }[];
}

/** The running loop, as others use it. */
export interface Links {
  /** Who answered the last dial and cut this VM off: it may have been evicted. */
  cutBy(): readonly PeerKey[];
  /** Looks again: the view changed. */
  mark(): void;
  /** Dials a member now, where its turn would come later. Harmless when it is connected. */
  reach(member: PeerKey): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. */
export function createLinks(
  ports: LinkPorts,
  context: LinkContext,
  tell: (peer: PeerKey, outcome: DialOutcome) => void,
): Links {
  const wake = createWake(ports.clock);
  const dialler = createDialler(ports, (peer, outcome) => {
    if (outcome !== null && !connected.has(peer)) tell(peer, outcome);
    wake.mark();
  });
  /** Where each was last connected from or at. */
  const places = new Map<PeerKey, Endpoint>();
  let connected: ReadonlySet<PeerKey> = new Set();
  const look = (swarm: SwarmNode): void => {
    const live = swarm.connections();
    const now = new Set(live.map(({ peer }) => peer));
    for (const peer of connected) if (!now.has(peer)) dialler.lose(peer, places.get(peer) ?? null);
    for (const { peer, remote } of live) {
      if (!connected.has(peer)) dialler.forget(peer);
      places.set(peer, remote);
    }
    connected = now;
  };
  const step = (swarm: SwarmNode, isFirst: boolean): number => {
    look(swarm);
    return dialAbsent(context, dialler, swarm, { connected, isFirst });
  };
  return {
    cutBy: dialler.cutBy,
    mark: wake.mark,
    reach: (member) => {
      if (connected.has(member)) return;
      dialler.hurry(member);
      wake.mark();
    },
    run: async (swarm, signal) => {
      const unlisten = swarm.onConnectionChange(() => {
        look(swarm);
        wake.mark();
      });
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        await wake.wait(step(swarm, isFirst), signal);
      }
      unlisten();
    },
  };
}

/** Hangs up on strangers and dials who is absent; tells how long to wait for more, ms. */
function dialAbsent(
  context: LinkContext,
  dialler: Dialler,
  swarm: SwarmNode,
  now: { readonly connected: ReadonlySet<PeerKey>; readonly isFirst: boolean },
): number {
  for (const peer of now.connected) {
    if (context.standing(peer) === 'stranger') context.dismiss(swarm, peer); // Invariant 2.
  }
  const absent = targetsOf(context).filter(({ peer }) => !now.connected.has(peer));
  const waits = absent.map((target) => {
    const courtesyMs = now.isFirst || context.self < target.peer ? 0 : COURTESY_MS;
    return dialler.consider(swarm, target, courtesyMs, absent.length);
  });
  return Math.min(BACKOFF_MS_LAST, ...waits); // Invariant 1.
}

/** Everybody who should be connected, with where to try; sorted by key. */
function targetsOf(context: LinkContext): readonly Target[] {
  const view = context.view();
  const targets = new Map<PeerKey, readonly Endpoint[]>();
  for (const { member, endpoint } of context.entries) {
    if (context.standing(member) !== 'member' || isOverlay(view.mesh, endpoint.host)) continue;
    targets.set(member, [...(targets.get(member) ?? []), endpoint]);
  }
  for (const member of view.members) {
    if (member.hasLeft) continue;
    const known = [...endpointsOf(member, view.mesh), ...(targets.get(member.id) ?? [])];
    targets.set(member.id, known);
  }
  targets.delete(context.self);
  return [...targets]
    .filter(([, endpoints]) => endpoints.length > 0)
    .map(([peer, endpoints]) => ({ peer, endpoints }))
    .toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
}
