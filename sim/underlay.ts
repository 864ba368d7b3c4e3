/**
 * Edge: underlay — the network between simulated VMs: sites, addresses, delay, loss and cuts.
 *
 * It knows no connections (`wire.ts`) and no datagrams (`host.ts`): it says who an address belongs
 * to, whether anything passes now, and how long that takes.
 *
 * 1. A VM is reached only at an address of its own, or at the public one that is mapped to it.
 * 2. A private address leads nowhere outside its own site.
 */
import { type Cuts, openCuts } from './cuts.ts';
import type { Dice } from './random.ts';

/** A VM's place in the underlay. */
export interface Station {
  readonly vm: string;
  readonly site: string;
  /** Addresses of its own interface. */
  addresses: readonly string[];
  /** Public address that a cloud maps to it one to one; then its own are private. Null: routed. */
  publicHost: string | null;
  /** False after a power cut: nothing leaves it, nothing reaches it. */
  isOn: boolean;
}

/** How the network behaves. Probabilities in [0, 1), times in ms. */
export interface Weather {
  /** Probability that a packet is lost: a stream pays with time, a datagram is gone. */
  readonly loss: number;
  /** Probability that a gossiped frame is lost, as when a slow peer's stream is given up. */
  readonly gossipLoss: number;
  /** Probability that a gossiped frame is seen once more. */
  readonly duplication: number;
  /** Probability that a gossiped frame is passed by later ones. */
  readonly reordering: number;
  /** One way, inside a site and between two. */
  readonly nearMs: number;
  readonly farMs: number;
  /** Added to every delay, drawn from [0, jitterMs). */
  readonly jitterMs: number;
}

/** The network. */
export interface Underlay extends Omit<Cuts, 'rateOf'> {
  readonly stations: readonly Station[];
  weather: Weather;
  /** Who receives what `from` sends to this address; null when nobody does. */
  find(from: Station, host: string): Station | null;
  /** Gives a station other addresses; nobody has the old ones. Back to the first the next time. */
  move(station: Station): void;
  /** The address from which `to` sees `from`. */
  sourceOf(from: Station, to: Station): string;
  /** One way over a stream, ms: a lost packet comes after a retransmission. */
  streamMs(a: Station, b: Station, bytes: number): number;
  /** Whether a datagram is lost on the way. */
  isLost(): boolean;
  /** Whether a gossiped frame is lost. */
  isGossipLost(): boolean;
  /** Whether a gossiped frame comes twice. */
  isDoubled(): boolean;
  /** How long a gossiped frame is held back on its way, so that later ones pass it, ms. */
  heldBackMs(): number;
}

/** First wait for a retransmission; doubles. Unit: ms. Linux: TCP_RTO_MIN. */
const RETRANSMIT_MS = 200;
/** Longest time that a frame is held back. Unit: ms. */
const HELD_BACK_MS_MAX = 4_000;

/** A network in which everything passes. */
export function openUnderlay(dice: Dice, stations: readonly Station[], weather: Weather): Underlay {
  const cuts = openCuts();
  const routes = new Map<string, Station>();
  const hostsOf = ({ addresses, publicHost }: Station): readonly string[] =>
    publicHost === null ? addresses : [...addresses, publicHost];
  for (const station of stations) for (const host of hostsOf(station)) routes.set(host, station);
  const isPrivate = (station: Station, host: string): boolean =>
    station.publicHost !== null && station.publicHost !== host;
  const underlay: Underlay = {
    ...cuts,
    stations,
    weather,
    find: (from, host) => {
      const station = routes.get(host);
      if (station === undefined) return null;
      return isPrivate(station, host) && station.site !== from.site ? null : station;
    },
    move: (station) => {
      for (const host of hostsOf(station)) routes.delete(host);
      station.addresses = station.addresses.map(otherHost);
      station.publicHost = station.publicHost === null ? null : otherHost(station.publicHost);
      for (const host of hostsOf(station)) routes.set(host, station);
    },
    sourceOf: (from, to) => {
      const own = from.addresses[0] ?? '';
      return from.site === to.site ? own : (from.publicHost ?? own);
    },
    streamMs: (a, b, bytes) => {
      const base = a.site === b.site ? underlay.weather.nearMs : underlay.weather.farMs;
      let waitMs = base + dice.between(0, underlay.weather.jitterMs) + bytes / cuts.rateOf(a, b);
      for (let round = 0; round < 6 && dice.chance(underlay.weather.loss); round += 1) {
        waitMs += RETRANSMIT_MS * 2 ** round;
      }
      return waitMs;
    },
    isLost: () => dice.chance(underlay.weather.loss),
    isGossipLost: () => dice.chance(underlay.weather.gossipLoss),
    isDoubled: () => dice.chance(underlay.weather.duplication),
    heldBackMs: () =>
      dice.chance(underlay.weather.reordering) ? dice.between(0, HELD_BACK_MS_MAX) : 0,
  };
  return underlay;
}

/** Far enough from the hosts of a room that none is another's. */
const FAR = 100;

/** Another IPv4 address of the same network; of that one it is the first again. */
function otherHost(host: string): string {
  const [last = 0, ...rest] = host.split('.').map(Number).toReversed();
  return [last > FAR ? last - FAR : last + FAR, ...rest].toReversed().join('.');
}
