/**
 * Rule: firewall cover — which parts of a lane can match a key, found without trying each: a lane
 * may have thousands of both.
 */

import type { PortRange } from '../schema-parts.ts';
import { BITS, type Cidr, type Family } from '../selectors/cidr.ts';
import type { ExactKey, OrderedPart } from './sort-lane.ts';

/** Finds the parts that can match a packet with a key, near ends aside; in their order. */
export type Cover = (key: ExactKey) => readonly OrderedPart[];

/** A part, and its place among all. */
interface Entry {
  readonly part: OrderedPart;
  readonly place: number;
}

/** Parts of one protocol and port: all, those that come from anywhere, and the rest by network. */
interface Shelf {
  readonly all: readonly Entry[];
  readonly anywhere: readonly Entry[];
  readonly nets: ReadonlyMap<string, readonly Entry[]>;
  readonly lengths: Readonly<Record<Family, ReadonlySet<number>>>;
}

/** Opens the cover of parts that stand in their order. */
export function openCover(parts: readonly OrderedPart[]): Cover {
  const byPort = new Map<number, Entry[]>();
  const others: Entry[] = [];
  for (const [place, part] of parts.entries()) {
    const entry = { part, place };
    if (part.ports?.every(isSingle) !== true) others.push(entry);
    else for (const [port] of part.ports) put(byPort, port, entry);
  }
  const shelves = new Map<string, Shelf>();
  return (key) => {
    const text = `${key.protocol} ${key.port}`;
    const named = byPort.get(key.port) ?? [];
    const shelf = shelves.get(text) ?? shelve([...named, ...others].filter(isOf(key)));
    shelves.set(text, shelf);
    const found = key.address === null ? shelf.all : coveringIn(shelf, key.address);
    return [...new Set(found)].sort((a, b) => a.place - b.place).map(({ part }) => part);
  };
}

const isSingle = ([first, last]: PortRange): boolean => first === last;

const isOf =
  ({ protocol, port }: ExactKey) =>
  ({ part: { clause, ports } }: Entry): boolean =>
    (clause.protocol === 'any' || clause.protocol === protocol) &&
    ports?.some(([first, last]) => first <= port && port <= last) !== false;

function shelve(all: readonly Entry[]): Shelf {
  const nets = new Map<string, Entry[]>();
  const lengths = { ip: new Set<number>(), ip6: new Set<number>() };
  for (const entry of all) {
    for (const { family, length, first } of entry.part.remote ?? []) {
      lengths[family].add(length);
      put(nets, netKey(family, length, first), entry);
    }
  }
  return { all, anywhere: all.filter(({ part }) => part.remote === null), nets, lengths };
}

const netKey = (family: Family, length: number, first: bigint): string =>
  `${family} ${length} ${first}`;

function coveringIn({ anywhere, nets, lengths }: Shelf, { family, first }: Cidr): Entry[] {
  const found = [...anywhere];
  for (const length of lengths[family]) {
    const rest = BigInt(BITS[family] - length);
    found.push(...(nets.get(netKey(family, length, (first >> rest) << rest)) ?? []));
  }
  return found;
}

function put<Key>(entries: Map<Key, Entry[]>, key: Key, entry: Entry): void {
  const known = entries.get(key);
  if (known === undefined) entries.set(key, [entry]);
  else known.push(entry);
}
