/**
 * Rule: vpn renewal — which tunnels shake hands anew once this VM is the one holder of its key.
 *
 * While a copy of this VM ran, each member answered whichever of the two shook hands with it last,
 * and sends to that one until the session is over, 180 s later. A peer that is taken away and put
 * back shakes hands at once, and the member's endpoint comes along.
 * 1. Only a session that began before the recovery is renewed, so each is once.
 * 2. Where there is none nothing is renewed: WireGuard shakes hands there by itself.
 * 3. A member takes no handshake that is stamped before the last one with this key. So where the
 *    clock of the copy was ahead, the tunnel comes as without this: when that session is over.
 */
import type { Self } from '../service.ts';
import { handshakeAge, isHeard, recoveryAge } from './endpoint.ts';
import type { ObservedPeer } from './state.ts';

/** Handshakes are stamped in whole seconds. Unit: ms. */
const STAMP_MS = 1_000;

/** Whether the session of a peer, as the engine has it, is to begin anew. */
export const isToRenew = (peer: ObservedPeer | undefined, self: Self): boolean =>
  peer !== undefined &&
  isHeard(peer, self) &&
  handshakeAge(peer.handshakeAtMs ?? 0, self) > recoveryAge(self) + STAMP_MS;
