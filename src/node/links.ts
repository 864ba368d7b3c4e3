/**
 * Loop: links — keeps a connection to every member, and never gives up on one.
 *
 * 1. A member that can be reached again is reached again, whatever happened meanwhile: back-off
 *    has a cap, not an end.
 * 2. Who has no standing any more is hung up on.
 * 3. `alive` means connected, `dead` that the last dial failed, `suspect` anything between.
 */
import { endpointsOf, isOverlay } from '../crdt/endpoints.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Endpoint, Ports, Standing, SwarmNode } from '../ports.ts';
import type { Dismiss } from './dismissal.ts';
import type { LinkState } from './rules/answers.ts';
import { dialOrder } from './rules/dial-order.ts';
import { createWake } from './wake.ts';

/** First and longest wait between two dials of one member. Unit: ms, ±25 %. */
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 30_000;
/** Longest dial. Unit: ms. Two addresses that swallow packets, then one that answers. */
const DIAL_MS = 6_000;
/**
 * How long the member with the higher id waits before it dials a member that is new to it. Unit:
 * ms.
 */
const COURTESY_MS = 1_000;
/** Dials under way at once. */
const DIALS_MAX = 16;
/** After so many failures the wait has long reached its cap. */
const DOUBLINGS = 10;
/** Shortest wait before looking again. Unit: ms. */
const WAIT_MS_MIN = 50;

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
  state(member: MemberId): LinkState;
  /** Who answered the last dial and cut this VM off: it may have been evicted. */
  cutBy(): readonly PeerKey[];
  /** Looks again: the view changed. */
  mark(): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. `onChange`: a member's state may have changed. */
export function createLinks(ports: LinkPorts, context: LinkContext, onChange: () => void): Links {
  const wake = createWake(ports.clock);
  const dialler = createDialler(ports, () => {
    onChange();
    wake.mark();
  });
  let connected: ReadonlySet<PeerKey> = new Set();
  const look = (swarm: SwarmNode): void => {
    connected = new Set(swarm.connections().map(({ peer }) => peer));
  };
  const step = (swarm: SwarmNode, isFirst: boolean): number => {
    look(swarm);
    for (const peer of connected) {
      if (context.standing(peer) === 'stranger') context.dismiss(swarm, peer); // Invariant 2.
    }
    const absent = targetsOf(context).filter(({ peer }) => !connected.has(peer));
    const waits = absent.map((target) => {
      const courtesyMs = isFirst || context.self < target.peer ? 0 : COURTESY_MS;
      return dialler.consider(swarm, target, courtesyMs);
    });
    return Math.min(BACKOFF_MS_MAX, ...waits); // Invariant 1.
  };
  return {
    state: (member) => {
      if (connected.has(member)) return 'alive';
      return dialler.hasFailed(member) ? 'dead' : 'suspect';
    },
    cutBy: dialler.cutBy,
    mark: wake.mark,
    run: async (swarm, signal) => {
      const unlisten = swarm.onConnectionChange((peer) => {
        dialler.forget(peer);
        look(swarm);
        onChange();
        wake.mark();
      });
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        await wake.wait(step(swarm, isFirst), signal);
      }
      unlisten();
    },
  };
}

interface Attempt {
  /** Dials in a row that failed. */
  readonly failures: number;
  readonly dueMs: number;
  readonly isDialling: boolean;
  /** Whether the last dial was answered, and cut. */
  readonly isCut?: boolean;
}

/** Who was dialled, how it went and when it is due again. */
function createDialler({ clock, random, log }: LinkPorts, onOutcome: () => void) {
  const attempts = new Map<PeerKey, Attempt>();
  const after = (failures: number): Attempt => {
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures, DOUBLINGS));
    const dueMs = clock.monotonicMs() + waitMs * (0.75 + random.fraction() / 2);
    return { failures: failures + 1, dueMs, isDialling: false };
  };
  const dial = async (swarm: SwarmNode, { peer, endpoints }: Target, attempt: Attempt) => {
    attempts.set(peer, { ...attempt, isDialling: true });
    try {
      await swarm.dial(peer, dialOrder(endpoints, attempt.failures), DIAL_MS);
      attempts.delete(peer);
    } catch (error) {
      const isCut = error instanceof Fault && error.code === 'refused';
      attempts.set(peer, { ...after(attempt.failures), isCut });
      log.info('dial-failed', { peer, why: String(error) });
    }
    onOutcome();
  };
  const isCrowded = (): boolean =>
    [...attempts.values()].filter(({ isDialling }) => isDialling).length >= DIALS_MAX;
  return {
    hasFailed: (peer: PeerKey): boolean => (attempts.get(peer)?.failures ?? 0) > 0,
    cutBy: () => [...attempts].filter(([, { isCut }]) => isCut === true).map(([peer]) => peer),
    forget: (peer: PeerKey): void => void attempts.delete(peer),
    /** Dials when it is time; tells how long to wait before looking again, ms. */
    consider: (swarm: SwarmNode, target: Target, courtesyMs: number): number => {
      const nowMs = clock.monotonicMs();
      const fresh = { failures: 0, dueMs: nowMs + courtesyMs, isDialling: false };
      const attempt = attempts.get(target.peer) ?? fresh;
      attempts.set(target.peer, attempt);
      if (attempt.isDialling) return BACKOFF_MS_MAX;
      if (attempt.dueMs > nowMs || isCrowded()) return Math.max(WAIT_MS_MIN, attempt.dueMs - nowMs);
      void dial(swarm, target, attempt);
      return BACKOFF_MS_MAX;
    },
  };
}

interface Target {
  readonly peer: PeerKey;
  readonly endpoints: readonly Endpoint[];
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
