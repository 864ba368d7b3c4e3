/**
 * Rule: vpn mtu — how large a packet may be that goes into the tunnel.
 *
 * What the ways to the members' endpoints carry, less what WireGuard adds: each way as this host
 * sees it, the MTU of the link, of the route, and what routers on the way have told the kernel.
 * 1. Never below 1280, without which there is no IPv6 (RFC 8200 §5). On a way too narrow for that,
 *    full packets go in two pieces: slower, and wireguard-go, which hands many to the kernel at
 *    once, loses most of those. That is named.
 * 2. Never above 1420: only the first link is known from here, and beyond it 1500 is what holds.
 */
import type { Problem } from '../service.ts';
import type { DesiredPeer, ObservedPeer, VpnObserved } from './state.ts';

/** What WireGuard adds over IPv6: 40 IPv6, 8 UDP, 32 of its own. Unit: bytes. As in wg-quick. */
const OVERHEAD = 80;
/** Over IPv4, whose header has 20. Unit: bytes. Decides only whether a narrow way will do. */
const OVERHEAD4 = 60;

const MTU_MIN = 1280;
const MTU_MAX = 1420;

/** The interface's MTU, and a way that is too narrow for it, in words. */
export interface MtuChoice {
  readonly mtu: number;
  readonly note: Problem | null;
}

/** `isHeard`: whether a tunnel is in use; what is only tried counts while none is. */
export const chooseMtu = (
  observed: VpnObserved,
  peers: readonly DesiredPeer[],
  isHeard: (peer: ObservedPeer) => boolean,
): MtuChoice => {
  const existing = observed.device?.peers ?? [];
  const heard = existing.filter(isHeard);
  let [narrowest, note]: [number, Problem | null] = [MTU_MAX + OVERHEAD, null];
  for (const { publicKey, endpoint } of heard.length > 0 ? heard : existing) {
    const way = endpoint === null ? null : wayTo(observed, hostOf(endpoint));
    if (way === null || way.mtu >= narrowest) continue;
    narrowest = way.mtu;
    const name = peers.find((peer) => peer.publicKey === publicKey)?.name ?? publicKey;
    const isOf6 = endpoint?.startsWith('[') === true;
    note = noteOf(name, way, MTU_MIN + (isOf6 ? OVERHEAD : OVERHEAD4));
  }
  return { mtu: Math.max(MTU_MIN, narrowest - OVERHEAD), note };
};

/** The address in `host:port`; IPv6 stands in brackets. */
export const hostOf = (endpoint: string): string =>
  endpoint.slice(0, endpoint.lastIndexOf(':')).replaceAll(/^\[|\]$/g, '');

interface Way {
  readonly interface: string;
  readonly mtu: number;
}

const wayTo = ({ paths, mtus }: VpnObserved, host: string): Way | null => {
  const path = paths[host];
  const linkMtu = path === undefined ? undefined : mtus[path.interface];
  if (path === undefined || linkMtu === undefined) return null;
  return { interface: path.interface, mtu: Math.min(linkMtu, path.mtu ?? linkMtu) };
};

const noteOf = (name: string, way: Way, needed: number): Problem | null =>
  way.mtu >= needed
    ? null
    : `mtu: ${way.mtu}: the way to ${name} by ${way.interface} carries no packet of ` +
      `${needed} bytes, so the VPN is slow; raise the MTU of ${way.interface}`;
