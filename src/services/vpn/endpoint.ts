/**
 * Rule: vpn endpoint — where to send a member's WireGuard packets, after the way of Talos KubeSpan.
 *
 * Two states, both read off the engine, none kept. *Heard*: a handshake younger than 180 s; the
 * engine's own endpoint stays, which follows the peer when it roams. *Seeking*: the candidates are
 * tried in turn, best first, 15 s each, counted from the last change of the view.
 * 1. A candidate never lies inside the overlay, or the tunnel would run through itself.
 * 2. A candidate is a numeric unicast address: `wg` would ask DNS for any other and hang on it.
 * 3. The same inputs give the same endpoint, so reading back after applying finds nothing to do.
 * 4. Handshakes are stamped by the wall clock. Where that was set meanwhile, the smallest age by
 *    what it showed before and shows now counts, so that a jump ends no tunnel that lives.
 * 5. A peer whose session was ended here (`renewal.ts`) is first sought where it was: behind a NAT
 *    that is known from nowhere else.
 */
import { canBeHost, isAddress4 } from '../../crdt/addresses.ts';
import { distinct, endpointsOf, endpointText, isOverlay } from '../../crdt/endpoints.ts';
import type { Member, MeshInfo } from '../../crdt/view.ts';
import type { Endpoint } from '../../ports.ts';
import type { Self } from '../service.ts';
import type { ObservedPeer } from './state.ts';

/** A session is dead when its handshake is older. Unit: ms. WireGuard's REJECT_AFTER_TIME. */
export const HEARD_MS = 180_000;

/**
 * How long a candidate is tried. Unit: ms. WireGuard initiates every 5 s, so each gets three tries;
 * KubeSpan waits as long.
 */
const SLOT_MS = 15_000;

/**
 * Shortest pause before a seeking peer is looked at again. Unit: ms. It grows with the age of the
 * view, so that a fresh tunnel is reported soon and a dead member costs one look per slot.
 */
const RECHECK_MS_MIN = 1_000;

/** What to do about one peer's endpoint. */
export interface EndpointChoice {
  /** `host:port`, IPv6 in brackets; null when none is known. */
  readonly endpoint: string | null;
  /** When to look again for a handshake or the next candidate, ms from now; null: no need. */
  readonly recheckMs: number | null;
}

/** This host's wall clock, and what it showed before it was set. */
type WallClock = Pick<Self, 'wallMs' | 'stepsMs'>;

/** Since when the view is as it is, and this VM the one holder of its key. */
type Ages = Pick<Self, 'viewAgeMs' | 'nowMs' | 'recoveredAtMs'>;

/** How long ago a handshake was, ms. Invariant 4. */
export const handshakeAge = (handshakeAtMs: number, { wallMs, stepsMs }: WallClock): number =>
  // A stamp far ahead was made before the clock stepped back, and tells as little as an old one.
  Math.min(...[0, ...stepsMs].map((stepMs) => Math.abs(wallMs + stepMs - handshakeAtMs)));

/** Whether a peer's last handshake still carries its session. */
export const isHeard = (
  { endpoint, handshakeAtMs }: Pick<ObservedPeer, 'endpoint' | 'handshakeAtMs'>,
  clock: WallClock,
): boolean =>
  endpoint !== null && handshakeAtMs !== null && handshakeAge(handshakeAtMs, clock) < HEARD_MS;

/**
 * The endpoint of a member's peer. `observed`: what the engine has of it, if anything. `isWatched`:
 * whether a sign tells when it begins or ceases to be heard.
 */
export const chooseEndpoint = (
  candidates: readonly Endpoint[],
  observed: ObservedPeer | undefined,
  self: WallClock & Ages,
  isWatched: boolean,
): EndpointChoice => {
  const current = observed?.endpoint ?? null;
  if (observed !== undefined && isHeard(observed, self)) {
    const leftMs = HEARD_MS - handshakeAge(observed.handshakeAtMs ?? 0, self);
    // The sign knows of no steps: what only they make heard it does not watch.
    const isSigned = isWatched && isHeard(observed, { ...self, stepsMs: [] });
    return { endpoint: current, recheckMs: isSigned ? null : leftMs };
  }
  const lookMs = Math.max(RECHECK_MS_MIN, self.viewAgeMs / 2);
  const keptMs = observed?.handshakeAtMs === null ? SLOT_MS - recoveryAge(self) : 0;
  if (current !== null && keptMs > 0) {
    return { endpoint: current, recheckMs: Math.min(keptMs, lookMs) };
  }
  const slot = Math.floor(self.viewAgeMs / SLOT_MS);
  const slotLeftMs = (slot + 1) * SLOT_MS - self.viewAgeMs;
  const candidate = candidates[slot % candidates.length];
  const isOnlyWaiting = isWatched && candidates.length < 2;
  return {
    endpoint: candidate === undefined ? current : endpointText(candidate),
    recheckMs: isOnlyWaiting ? lookMs : Math.min(slotLeftMs, lookMs),
  };
};

/** How long ago this VM recovered its key, ms; no time is long enough where it never did. */
export const recoveryAge = ({ nowMs, recoveredAtMs }: Omit<Ages, 'viewAgeMs'>): number =>
  recoveredAtMs === null ? Number.POSITIVE_INFINITY : nowMs - recoveredAtMs;

/**
 * Where a member may be reached, best first: where it is connected from, what it advertises, what
 * its entry saw, its interfaces. `ours`: addresses of this host, at which no other member can be.
 */
export const candidatesOf = (
  member: Member,
  mesh: MeshInfo,
  seen: Endpoint | undefined,
  ours: readonly string[],
): readonly Endpoint[] => {
  const said = endpointsOf(member, mesh);
  const connected = seen === undefined ? [] : [withDeclaredPort(seen, said)];
  return distinct([...connected, ...said]).filter(
    ({ host, port }) =>
      canBeHost(host) && port > 0 && !isOverlay(mesh, host) && !ours.includes(host),
  );
};

/** The member's own word on the port of that host holds: it knows what is forwarded to it. */
const withDeclaredPort = (seen: Endpoint, said: readonly Endpoint[]): Endpoint => {
  const host = plainHost(seen.host);
  return { host, port: said.find((endpoint) => endpoint.host === host)?.port ?? seen.port };
};

/** Sockets that serve both families name IPv4 peers `::ffff:a.b.c.d`. */
const plainHost = (host: string): string => {
  const tail = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
  return isAddress4(tail) ? tail : host;
};
