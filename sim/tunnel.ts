/**
 * Edge: tunnel — WireGuard between simulated kernels: handshakes, roaming, sessions and data.
 *
 * 1. Data passes only inside a session that both sides hold, between addresses that both allow.
 * 2. A handshake needs an endpoint on the side that starts it and the key on both; the other side
 *    learns the endpoint from it.
 * 3. Times are those of the WireGuard paper, section 6.1.
 */
import { contains } from '../src/crdt/addresses.ts';
import type { Device, Kernel, Peer } from './kernel.ts';
import type { Dice } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Underlay } from './underlay.ts';

/** REKEY_TIMEOUT, REKEY_AFTER_TIME, REJECT_AFTER_TIME, and KEEPALIVE_TIMEOUT + REKEY_TIMEOUT. */
const RETRY_MS = 5_000;
const REKEY_MS = 120_000;
const REJECT_MS = 180_000;
const UNANSWERED_MS = 15_000;

/** The data plane of one run. */
export interface Tunnels {
  /** After a peer was changed: `isWoken` when its keepalive was just turned on. */
  changed(kernel: Kernel, device: Device, peer: Peer, isWoken: boolean): void;
  /** Sends one echo request; whether its answer came. */
  echo(from: Kernel, address: string): boolean;
}

interface Side {
  readonly kernel: Kernel;
  readonly device: Device;
  readonly peer: Peer;
}

/** The tunnels between these kernels. */
export function openTunnels(
  scheduler: Scheduler,
  underlay: Underlay,
  dice: Dice,
  kernels: readonly Kernel[],
): Tunnels {
  const ticking = new Set<Peer>();
  let sessions = 0;
  /** The side that a packet of `from` reaches, if any: right place, right port, both keys known. */
  const facing = ({ kernel, device, peer }: Side): Side | null => {
    if (peer.endpoint === null || !isLive(device)) return null;
    const station = underlay.find(kernel.station, peer.endpoint.host);
    const other = kernels.find((one) => one.station === station);
    if (station === null || other === undefined) return null;
    if (!underlay.passes(kernel.station, station)) return null;
    const port = peer.endpoint.port;
    const target = [...other.devices.values()].find((one) => isLive(one) && one.port === port);
    const back = target?.peers.get(device.publicKey ?? '');
    if (target === undefined || back === undefined || target.publicKey !== peer.publicKey) {
      return null;
    }
    return { kernel: other, device: target, peer: back };
  };
  const roam = (from: Side, to: Side): void => {
    const host = underlay.sourceOf(from.kernel.station, to.kernel.station);
    to.peer.endpoint = { host, port: from.device.port };
  };
  const initiate = (side: Side): void => {
    const { kernel, peer } = side;
    const nowMs = scheduler.nowMs();
    if (peer.endpoint === null || nowMs - peer.triedMs < RETRY_MS) return;
    peer.triedMs = nowMs;
    peer.txBytes += 148;
    const station = underlay.find(kernel.station, peer.endpoint.host);
    if (station === null || underlay.isLost() || underlay.isLost()) return;
    scheduler.after(2 * underlay.streamMs(kernel.station, station, 0), () => {
      const other = facing(side);
      if (other === null || !isHeld(side)) return;
      roam(side, other);
      sessions += 1;
      for (const one of [peer, other.peer]) {
        one.session = { id: sessions, atMs: scheduler.nowMs() };
        one.unansweredMs = null;
        one.rxBytes += 92;
      }
    });
  };
  const ageMs = (peer: Peer): number =>
    peer.session === null ? Number.POSITIVE_INFINITY : scheduler.nowMs() - peer.session.atMs;
  /** Whether data gets there; the receiver learns the sender's endpoint. */
  const pass = (side: Side): Side | null => {
    const other = facing(side);
    if (other === null || ageMs(side.peer) >= REJECT_MS) return null;
    if (other.peer.session?.id !== side.peer.session?.id) return null;
    roam(side, other);
    return other;
  };
  const isAnswered = (side: Side): boolean => {
    const other = pass(side);
    return other !== null && pass(other)?.device === side.device;
  };
  const maintain = (side: Side): void => {
    const { peer } = side;
    if (ageMs(peer) >= REKEY_MS) initiate(side);
    else if (isAnswered(side)) peer.unansweredMs = null;
    else {
      peer.unansweredMs ??= scheduler.nowMs();
      if (scheduler.nowMs() - peer.unansweredMs >= UNANSWERED_MS) initiate(side);
    }
  };
  const tick = (side: Side): void => {
    if (!isHeld(side) || side.peer.keepaliveS === 0) {
      ticking.delete(side.peer);
      return;
    }
    if (isLive(side.device)) maintain(side);
    scheduler.after(RETRY_MS + dice.between(0, 333), () => tick(side));
  };
  return {
    changed: (kernel, device, peer, isWoken) => {
      const side = { kernel, device, peer };
      if (isWoken && ageMs(peer) >= REKEY_MS && isLive(device)) initiate(side);
      if (peer.keepaliveS === 0 || ticking.has(peer)) return;
      ticking.add(peer);
      scheduler.after(RETRY_MS + dice.between(0, 333), () => tick(side));
    },
    echo: (kernel, address) => {
      const side = routeTo(kernel, address);
      if (side === null || underlay.isLost() || underlay.isLost()) return false;
      if (ageMs(side.peer) >= REKEY_MS) initiate(side);
      const other = pass(side);
      if (other === null) return false;
      const source = side.device.addresses.map(plain).find((own) => isSameFamily(own, address));
      if (source === undefined || !allows(other.peer, source)) return false;
      if (!other.device.addresses.map(plain).includes(address)) return false;
      const back = routeTo(other.kernel, source);
      return back !== null && pass(back)?.device === side.device;
    },
  };
}

const isLive = (device: Device): boolean => device.isUp && !device.isGone && device.port > 0;

const isHeld = ({ device, peer }: Side): boolean =>
  !device.isGone && device.peers.get(peer.publicKey) === peer;

const plain = (address: string): string => address.split('/')[0] ?? '';

const isSameFamily = (a: string, b: string): boolean => a.includes(':') === b.includes(':');

const allows = (peer: Peer, address: string): boolean =>
  peer.allowedIps.some((prefix) => contains(prefix, address));

/** The peer to which this kernel sends what is for an address, if any. */
function routeTo(kernel: Kernel, address: string): Side | null {
  for (const device of kernel.devices.values()) {
    if (!isLive(device) || !device.addresses.some((prefix) => contains(prefix, address))) continue;
    const peer = [...device.peers.values()].find((one) => allows(one, address));
    return peer === undefined ? null : { kernel, device, peer };
  }
  return null;
}
