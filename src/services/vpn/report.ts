/**
 * Rule: vpn report — what `status` and `members` say of the tunnels.
 */
import type { View } from '../../crdt/view.ts';
import type { PeerReport, Self, Summary } from '../service.ts';
import { handshakeAge } from './endpoint.ts';
import { keyText } from './key-text.ts';
import type { VpnObserved } from './state.ts';

/** What carries the tunnels, and the tunnels. */
export const summary = (observed: VpnObserved, view: View, self: Self): Summary => {
  if (observed.link === null || observed.device === null) return { peers: [] };
  const engine = observed.link.kind === 'tun' ? 'wireguard-go' : 'kernel';
  return { engine, peers: peerReports(observed, view, self) };
};

/** In the view's order. */
const peerReports = (observed: VpnObserved, view: View, self: Self): readonly PeerReport[] => {
  const peers = new Map(observed.device?.peers.map((peer) => [peer.publicKey, peer]));
  return view.members.flatMap((member) => {
    const peer = peers.get(keyText(member.wgKey));
    if (peer === undefined) return [];
    const { endpoint, handshakeAtMs, rxBytes, txBytes } = peer;
    const handshakeAgeMs = handshakeAtMs === null ? null : handshakeAge(handshakeAtMs, self);
    return [{ member: member.id, endpoint, handshakeAgeMs, rxBytes, txBytes }];
  });
};
