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
/** Longest addition to a retry. Unit: ms. */
const JITTER_MS = 333;
/** Sizes of the two messages of a handshake. Unit: bytes. */
const INITIATION_BYTES = 148;
const RESPONSE_BYTES = 92;

/** The data plane of one run. */
export interface Tunnels {
  /** After a peer was changed: `isWoken` when its keepalive was just turned on. */
  changed(kernel: Kernel, device: Device, peer: Peer, isWoken: boolean): void;
  /** Sends one packet that is answered: who did, if the answer came. */
  answerer(from: Kernel, address: string): Kernel | null;
}

interface Side {
  readonly kernel: Kernel;
  readonly device: Device;
  readonly peer: Peer;
}

interface Ether {
  readonly scheduler: Scheduler;
  readonly underlay: Underlay;
  readonly dice: Dice;
  readonly kernels: readonly Kernel[];
  readonly ticking: Set<Peer>;
  sessions: number;
}

/** The tunnels between these kernels. */
export function openTunnels(
  scheduler: Scheduler,
  underlay: Underlay,
  dice: Dice,
  kernels: readonly Kernel[],
): Tunnels {
  const ether: Ether = { scheduler, underlay, dice, kernels, ticking: new Set(), sessions: 0 };
  return {
    changed: (kernel, device, peer, isWoken) => {
      const side = { kernel, device, peer };
      if (isWoken && ageMs(ether, peer) >= REKEY_MS && isLive(device)) initiate(ether, side);
      if (peer.keepaliveS === 0 || ether.ticking.has(peer)) return;
      ether.ticking.add(peer);
      scheduler.after(RETRY_MS + dice.between(0, JITTER_MS), () => tick(ether, side));
    },
    answerer: (kernel, address) => answerer(ether, kernel, address),
  };
}

/** The side that a packet of `from` reaches, if any: right place, right port, both keys known. */
function facing({ underlay, kernels }: Ether, { kernel, device, peer }: Side): Side | null {
  if (peer.endpoint === null || !isLive(device)) return null;
  const station = underlay.find(kernel.station, peer.endpoint.host);
  if (station === null || !underlay.passes(kernel.station, station)) return null;
  const other = kernels.find((one) => one.station === station);
  const port = peer.endpoint.port;
  const devices = [...(other?.devices.values() ?? [])];
  const target = devices.find((one) => isLive(one) && one.port === port);
  const back = target?.peers.get(device.publicKey ?? '');
  if (other === undefined || target === undefined || back === undefined) return null;
  return target.publicKey === peer.publicKey ? { kernel: other, device: target, peer: back } : null;
}

/** The receiver takes the sender's address for its endpoint. */
function roam({ underlay }: Ether, from: Side, to: Side): void {
  const host = underlay.sourceOf(from.kernel.station, to.kernel.station);
  to.peer.endpoint = { host, port: from.device.port };
}

function initiate(ether: Ether, side: Side): void {
  const { scheduler, underlay } = ether;
  const { kernel, peer } = side;
  const nowMs = scheduler.nowMs();
  if (peer.endpoint === null || nowMs - peer.triedMs < RETRY_MS) return;
  peer.triedMs = nowMs;
  peer.txBytes += INITIATION_BYTES;
  const station = underlay.find(kernel.station, peer.endpoint.host);
  if (station === null || !underlay.reaches(kernel.station, station)) return;
  if (underlay.isLost() || underlay.isLost()) return;
  scheduler.after(2 * underlay.streamMs(kernel.station, station, 0), () => {
    const other = facing(ether, side);
    if (other === null || !isHeld(side)) return;
    roam(ether, side, other);
    ether.sessions += 1;
    for (const { kernel: at, peer: one } of [side, other]) {
      const stampS = Math.floor(at.wallMs() / 1_000);
      one.session = { id: ether.sessions, atMs: scheduler.nowMs(), stampS };
      one.unansweredMs = null;
      one.rxBytes += RESPONSE_BYTES;
    }
  });
}

const ageMs = ({ scheduler }: Ether, { session }: Peer): number =>
  session === null ? Number.POSITIVE_INFINITY : scheduler.nowMs() - session.atMs;

/** Where data gets to, if anywhere; the receiver learns the sender's endpoint. */
function pass(ether: Ether, side: Side): Side | null {
  const other = facing(ether, side);
  if (other === null || ageMs(ether, side.peer) >= REJECT_MS) return null;
  if (other.peer.session?.id !== side.peer.session?.id) return null;
  roam(ether, side, other);
  return other;
}

function isAnswered(ether: Ether, side: Side): boolean {
  const other = pass(ether, side);
  return other !== null && pass(ether, other)?.device === side.device;
}

/** What a peer with a keepalive does by itself, every few seconds. */
function tick(ether: Ether, side: Side): void {
  const { scheduler, dice, ticking } = ether;
  if (!isHeld(side) || side.peer.keepaliveS === 0) {
    ticking.delete(side.peer);
    return;
  }
  if (isLive(side.device)) maintain(ether, side);
  scheduler.after(RETRY_MS + dice.between(0, JITTER_MS), () => tick(ether, side));
}

function maintain(ether: Ether, side: Side): void {
  const { peer } = side;
  const nowMs = ether.scheduler.nowMs();
  if (ageMs(ether, peer) >= REKEY_MS) initiate(ether, side);
  else if (isAnswered(ether, side)) peer.unansweredMs = null;
  else {
    peer.unansweredMs ??= nowMs;
    if (nowMs - peer.unansweredMs >= UNANSWERED_MS) initiate(ether, side);
  }
}

function answerer(ether: Ether, kernel: Kernel, address: string): Kernel | null {
  const { underlay } = ether;
  const side = routeTo(kernel, address);
  if (side === null || underlay.isLost() || underlay.isLost()) return null;
  if (ageMs(ether, side.peer) >= REKEY_MS) initiate(ether, side);
  const other = pass(ether, side);
  if (other === null) return null;
  const source = side.device.addresses.map(plain).find((own) => isSameFamily(own, address));
  if (source === undefined || !allows(other.peer, source)) return null;
  if (!other.device.addresses.map(plain).includes(address)) return null;
  const back = routeTo(other.kernel, source);
  return back !== null && pass(ether, back)?.device === side.device ? other.kernel : null;
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
    if (!isLive(device) || !device.routes.some((prefix) => contains(prefix, address))) continue;
    const peer = [...device.peers.values()].find((one) => allows(one, address));
    return peer === undefined ? null : { kernel, device, peer };
  }
  return null;
}
