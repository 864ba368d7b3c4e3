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
import type { Endpoint, Ports, Standing, SwarmNode } from '../ports.ts';
import type { LinkState } from './rules/answers.ts';
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

/** What links need to know of the rest of the node. */
export interface LinkContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly standing: (peer: PeerKey) => Standing;
  /** Where the token said that members are, for those of whom the state says nothing yet. */
  readonly entries: readonly { readonly member: PeerKey; readonly endpoint: Endpoint }[];
}

/** The running loop, as others use it. */
export interface Links {
  state(member: MemberId): LinkState;
  /** Looks again: the view changed. */
  mark(): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

interface Attempt {
  failures: number;
  dueMs: number;
  isDialling: boolean;
}

/**
 * Makes the loop; it does nothing until `run`. `onChange` is told when a member's state may have
 * changed.
 */
export function createLinks(
  ports: Pick<Ports, 'clock' | 'random' | 'log'>,
  context: LinkContext,
  onChange: () => void,
): Links {
  const { clock, random, log } = ports;
  const wake = createWake(clock);
  const attempts = new Map<PeerKey, Attempt>();
  let connected: ReadonlySet<PeerKey> = new Set();
  const later = (attempt: Attempt): void => {
    const wait = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt.failures);
    attempt.failures = Math.min(attempt.failures + 1, 10);
    attempt.dueMs = clock.monotonicMs() + wait * (0.75 + random.fraction() / 2);
  };
  const dial = async (swarm: SwarmNode, target: Target, attempt: Attempt): Promise<void> => {
    attempt.isDialling = true;
    try {
      await swarm.dial(target.peer, target.endpoints, DIAL_MS);
      attempt.failures = 0;
      attempt.dueMs = clock.monotonicMs() + BACKOFF_MS_MIN;
    } catch (error) {
      later(attempt);
      log.info('dial-failed', { peer: target.peer, why: String(error) });
    }
    attempt.isDialling = false;
    onChange();
    wake.mark();
  };
  const step = (swarm: SwarmNode, isFirst: boolean): number => {
    connected = new Set(swarm.connections().map(({ peer }) => peer));
    for (const peer of connected) {
      if (context.standing(peer) === 'stranger') void swarm.hangUp(peer);
    }
    const nowMs = clock.monotonicMs();
    let nextMs = BACKOFF_MS_MAX;
    for (const target of targetsOf(context).filter(({ peer }) => !connected.has(peer))) {
      const courtesyMs = isFirst || context.self < target.peer ? 0 : COURTESY_MS;
      const attempt = attempts.get(target.peer) ?? fresh(nowMs + courtesyMs);
      attempts.set(target.peer, attempt);
      if (attempt.isDialling) continue;
      const isCrowded = [...attempts.values()].filter((a) => a.isDialling).length >= DIALS_MAX;
      if (attempt.dueMs <= nowMs && !isCrowded) void dial(swarm, target, attempt);
      else nextMs = Math.min(nextMs, Math.max(50, attempt.dueMs - nowMs));
    }
    return nextMs;
  };
  return {
    state: (member) => {
      if (connected.has(member)) return 'alive';
      return (attempts.get(member)?.failures ?? 0) > 0 ? 'dead' : 'suspect';
    },
    mark: wake.mark,
    run: async (swarm, signal) => {
      const unlisten = swarm.onConnectionChange((peer) => {
        attempts.delete(peer);
        wake.mark();
        connected = new Set(swarm.connections().map((connection) => connection.peer));
        onChange();
      });
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        await wake.wait(step(swarm, isFirst), signal);
      }
      unlisten();
    },
  };
}

const fresh = (dueMs: number): Attempt => ({ failures: 0, dueMs, isDialling: false });

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
