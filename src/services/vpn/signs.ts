/**
 * Rule: vpn signs — how to see, without starting a process, that somebody changed the peers:
 * neither engine tells of it, and `ip monitor` does not know of peers.
 *
 * 1. wireguard-go is asked on its socket, and says all.
 * 2. The kernel answers only to a socket that Node does not have. But it refuses at once to send to
 *    an address that no peer holds, so one byte is sent to each member's: to the mesh's own port,
 *    where the WireGuard of the other side takes it for noise and drops it.
 * 3. Also to members that are gone: WireGuard tries a handshake with each every 5 s anyway, with a
 *    pause of 25 s after each 90 s because of the keepalive, and the byte only fills the pauses.
 * 4. The kernel's list of UDP ports shows whether it listens on ours. Another key shows in nothing
 *    that a process can see for free; handshakes fail then, and their ages tell in 3 min at most.
 */
import type { View } from '../../crdt/view.ts';
import type { Self, Signs } from '../service.ts';
import { HEARD_MS, isHeard } from './endpoint.ts';
import { keyText } from './key-text.ts';
import type { ObservedDevice, VpnDesired, VpnObserved } from './state.ts';

/** The sign of this engine, as it is while `desired` and `observed` are in step. */
export const signs = (
  desired: VpnDesired,
  { device }: VpnObserved,
  view: View,
  self: Self,
): Signs => {
  if (desired === null || device === null) return [];
  if (desired.engine === 'kernel') return ofKernel(desired, device, view, self);
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

const ofKernel = (
  { port, peers }: NonNullable<VpnDesired>,
  device: ObservedDevice,
  view: View,
  self: Self,
): Signs => {
  const ports = new Map(view.members.map((each) => [keyText(each.wgKey), each.endpoints?.port]));
  const to = peers.flatMap(({ publicKey, allowedIps }) =>
    allowedIps.map((ip) => ({
      host: ip.slice(0, ip.indexOf('/')),
      port: ports.get(publicKey) ?? self.port,
      publicKey,
    })),
  );
  const lost = device.peers.filter(({ endpoint }) => endpoint === null);
  const lostKeys = new Set(lost.map(({ publicKey }) => publicKey));
  const unsent = to.filter(({ publicKey }) => lostKeys.has(publicKey)).map(({ host }) => host);
  const targets = to.map((each) => ({ host: each.host, port: each.port }));
  return [
    { sign: { kind: 'tunnels', to: targets }, expected: unsent.join(' ') },
    { sign: { kind: 'udp-port', port }, expected: 'bound' },
  ];
};

/** The same peers so much later: a handshake is renewed every 2 min, and a sign tells if not. */
export const later = (observed: VpnObserved, elapsedMs: number): VpnObserved => ({
  ...observed,
  device: observed.device === null ? null : renewed(observed.device, elapsedMs),
});

const renewed = (device: ObservedDevice, elapsedMs: number): ObservedDevice => ({
  ...device,
  peers: device.peers.map((peer) => ({
    ...peer,
    handshakeAtMs: peer.handshakeAtMs === null ? null : peer.handshakeAtMs + elapsedMs,
  })),
});
