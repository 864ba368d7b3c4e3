/**
 * Rule: vpn signs — how to see, without starting a process, that somebody changed the peers:
 * neither engine tells of it, and `ip monitor` does not know of peers.
 *
 * 1. wireguard-go is asked on its socket, and says all.
 * 2. The kernel answers only to a socket that Node does not have. But it refuses at once to send to
 *    an address that no peer holds, so one byte is sent to each member's: to the mesh's own port,
 *    where the WireGuard of the other side takes it for noise and drops it.
 * 3. Only to members that are heard and connected: to one that is gone nothing is sent, or its
 *    tunnel would try handshakes that it would not try by itself.
 */
import { base64 } from '@scure/base';
import type { View } from '../../crdt/view.ts';
import type { Self, Signs } from '../service.ts';
import { addressesOf } from './collisions.ts';
import { HEARD_MS, isHeard } from './endpoint.ts';
import type { ObservedDevice, VpnDesired, VpnObserved } from './state.ts';

/** The sign of this engine, as it is while `desired` and `observed` are in step. */
export const signs = (
  desired: VpnDesired,
  { device }: VpnObserved,
  view: View,
  self: Self,
): Signs => {
  if (desired === null || device === null) return [];
  if (desired.engine === 'kernel') return [{ sign: tunnels(device, view, self), expected: '' }];
  const sign = { kind: 'wireguard-go', interface: desired.interface, heardMs: HEARD_MS } as const;
  return [{ sign, expected: answerOf(desired, device, self) }];
};

/** What wireguard-go would say, in the words of the port. */
const answerOf = (
  { publicKey, port, peers }: NonNullable<VpnDesired>,
  device: ObservedDevice,
  { wallMs }: Self,
): string => {
  const heard = new Set(
    device.peers
      // As the edge sees it, which knows of no steps.
      .filter((peer) => isHeard(peer, { wallMs, stepsMs: [] }))
      .map((peer) => peer.publicKey),
  );
  const lines = peers.map(({ publicKey: key, allowedIps, keepaliveS }) => {
    const ips = allowedIps.join(',');
    return `${key} ${ips} ${keepaliveS} - ${heard.has(key) ? 'heard' : 'silent'}`;
  });
  return [`${publicKey} ${port}`, ...lines.toSorted()].join('\n');
};

const tunnels = (device: ObservedDevice, view: View, self: Self) => {
  const heard = new Set(
    device.peers.filter((peer) => isHeard(peer, self)).map((peer) => peer.publicKey),
  );
  const to = view.members
    .filter(({ id, wgKey }) => self.seen.has(id) && heard.has(base64.encode(wgKey)))
    .flatMap((member) => {
      const port = member.endpoints?.port ?? self.port;
      return addressesOf(member, self).map((host) => ({ host, port }));
    });
  return { kind: 'tunnels', to } as const;
};
