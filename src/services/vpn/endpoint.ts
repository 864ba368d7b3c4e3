/**
 * Rule: vpn endpoint — where to send a member's WireGuard packets, after the way of Talos KubeSpan.
 *
 * Two states, both read off the engine, none kept. *Heard*: a handshake younger than 180 s; the
 * engine's own endpoint stays, which follows the peer when it roams. *Seeking*: the candidates are
 * tried in turn, best first, 15 s each, counted from the last change of the view.
 * 1. A candidate never lies inside the overlay, or the tunnel would run through itself.
 * 2. A candidate is a numeric unicast address: `wg` would ask DNS for any other and hang on it.
 * 3. The same inputs give the same endpoint, so reading back after applying finds nothing to do.
 */
import { canBeHost, isAddress4 } from '../../crdt/addresses.ts';
import { distinct, endpointsOf, isOverlay } from '../../crdt/endpoints.ts';
import type { Member, MeshInfo } from '../../crdt/view.ts';
import type { Endpoint } from '../../ports.ts';
import type { Self } from '../service.ts';
import type { ObservedPeer } from './state.ts';

/** A session is dead when its handshake is older. Unit: ms. WireGuard's REJECT_AFTER_TIME. */
const HEARD_MS = 180_000;

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
  /** When to look again for a handshake or the next candidate, ms from now. */
  readonly recheckMs: number;
}

/** The endpoint of a member's peer. `observed`: what the engine has of it, if anything. */
export const chooseEndpoint = (
  candidates: readonly Endpoint[],
  observed: ObservedPeer | undefined,
  self: Pick<Self, 'wallMs' | 'viewAgeMs'>,
): EndpointChoice => {
  const current = observed?.endpoint ?? null;
  const handshakeAtMs = observed?.handshakeAtMs ?? null;
  if (handshakeAtMs !== null && current !== null) {
    // A stamp far ahead was made before the clock stepped back, and tells as little as an old one.
    const ageMs = Math.abs(self.wallMs - handshakeAtMs);
    if (ageMs < HEARD_MS) return { endpoint: current, recheckMs: HEARD_MS - ageMs };
  }
  const slot = Math.floor(self.viewAgeMs / SLOT_MS);
  const slotLeftMs = (slot + 1) * SLOT_MS - self.viewAgeMs;
  const candidate = candidates[slot % candidates.length];
  return {
    endpoint: candidate === undefined ? current : formatEndpoint(candidate),
    recheckMs: Math.min(slotLeftMs, Math.max(RECHECK_MS_MIN, self.viewAgeMs / 2)),
  };
};

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

const formatEndpoint = ({ host, port }: Endpoint): string =>
  isAddress4(host) ? `${host}:${port}` : `[${host}]:${port}`;
