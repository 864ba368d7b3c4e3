/**
 * Edge: underlay — the network between simulated VMs: sites, addresses, delay, loss and cuts.
 *
 * It knows no connections (`wire.ts`) and no datagrams (`host.ts`): it says who an address belongs
 * to, whether anything passes now, and how long that takes.
 *
 * 1. A VM is reached only at an address of its own, or at the public one that is mapped to it.
 * 2. A private address leads nowhere outside its own site.
 */
import type { Dice } from './random.ts';

/** A VM's place in the underlay. */
export interface Station {
  readonly vm: string;
  readonly site: string;
  /** Addresses of its own interface. */
  readonly addresses: readonly string[];
  /** Public address that a cloud maps to it one to one; then its own are private. Null: routed. */
  readonly publicHost: string | null;
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
  /** One way, inside a site and between two. */
  readonly nearMs: number;
  readonly farMs: number;
  /** Added to every delay, drawn from [0, jitterMs). */
  readonly jitterMs: number;
}

/** The network. */
export interface Underlay {
  readonly stations: readonly Station[];
  weather: Weather;
  /** Who receives what `from` sends to this address; null when nobody does. */
  find(from: Station, host: string): Station | null;
  /** The address from which `to` sees `from`. */
  sourceOf(from: Station, to: Station): string;
  /** Whether anything passes between the two now. */
  passes(a: Station, b: Station): boolean;
  /** One way over a stream, ms: a lost packet comes after a retransmission. */
  streamMs(a: Station, b: Station, bytes: number): number;
  /** Whether a datagram is lost on the way. */
  isLost(): boolean;
  /** Whether a gossiped frame is lost. */
  isGossipLost(): boolean;
  /** Whether a gossiped frame comes twice. */
  isDoubled(): boolean;
  cut(siteA: string, siteB: string): void;
  heal(): void;
}

/** First wait for a retransmission; doubles. Unit: ms. Linux: TCP_RTO_MIN. */
const RETRANSMIT_MS = 200;
/** Throughput of every path. Unit: bytes per ms: 100 Mb/s. */
const BYTES_PER_MS = 12_500;

/** A network in which everything passes. */
export function openUnderlay(dice: Dice, stations: readonly Station[], weather: Weather): Underlay {
  const cuts = new Set<string>();
  const routes = new Map<string, Station>();
  for (const station of stations) {
    for (const host of station.addresses) routes.set(host, station);
    if (station.publicHost !== null) routes.set(station.publicHost, station);
  }
  const pair = (a: string, b: string): string => [a, b].toSorted().join('|');
  const isPrivate = (station: Station, host: string): boolean =>
    station.publicHost !== null && station.publicHost !== host;
  const underlay: Underlay = {
    stations,
    weather,
    find: (from, host) => {
      const station = routes.get(host);
      if (station === undefined) return null;
      return isPrivate(station, host) && station.site !== from.site ? null : station;
    },
    sourceOf: (from, to) => {
      const own = from.addresses[0] ?? '';
      return from.site === to.site ? own : (from.publicHost ?? own);
    },
    passes: (a, b) => a.isOn && b.isOn && !cuts.has(pair(a.site, b.site)),
    streamMs: (a, b, bytes) => {
      const base = a.site === b.site ? underlay.weather.nearMs : underlay.weather.farMs;
      let waitMs = base + dice.between(0, underlay.weather.jitterMs) + bytes / BYTES_PER_MS;
      for (let round = 0; round < 6 && dice.chance(underlay.weather.loss); round += 1) {
        waitMs += RETRANSMIT_MS * 2 ** round;
      }
      return waitMs;
    },
    isLost: () => dice.chance(underlay.weather.loss),
    isGossipLost: () => dice.chance(underlay.weather.gossipLoss),
    isDoubled: () => dice.chance(underlay.weather.duplication),
    cut: (siteA, siteB) => {
      cuts.add(pair(siteA, siteB));
    },
    heal: () => cuts.clear(),
  };
  return underlay;
}
