/**
 * Rule: lb addresses — the virtual addresses of balancers: one of IPv4 and one of IPv6 in the
 * mesh's own prefixes.
 *
 * 1. An address is picked when a balancer is made, and stands in its object: it stays as long as
 *    the balancer does.
 * 2. Two made on two sides of a partition, or a member that came meanwhile, may have the same one.
 *    Then the member keeps it, and of balancers the first by name; the other one is worked out
 *    anew, by all alike.
 */
import { addressAt, contains, formatAddress6, hostCount } from '../../crdt/addresses.ts';
import type { View } from '../../crdt/view.ts';
import { fnv1a } from '../checksum.ts';
import { type Balancer, balancersOf } from './balancers.ts';
import type { BalancerRecord } from './schemas.table.ts';

/** Where every member finds a balancer. `ipv4` null: the prefix is full. */
export type Addresses = BalancerRecord['addresses'];

/** The addresses of all balancers of a view, by their names. The same object for the same view. */
export const addressesOf = (view: View): ReadonlyMap<string, Addresses> => {
  const addresses = known.get(view) ?? settle(view);
  known.set(view, addresses);
  return addresses;
};

const known = new WeakMap<View, ReadonlyMap<string, Addresses>>();

/** Addresses for a balancer that is made now. `also`: what is taken beside. */
export const pickAddresses = (
  view: View,
  name: string,
  also: ReadonlySet<string> = new Set(),
): Addresses => {
  const taken = new Set([...takenByMembers(view), ...also]);
  for (const { ipv4, ipv6 } of addressesOf(view).values()) {
    if (ipv4 !== null) taken.add(ipv4);
    taken.add(ipv6);
  }
  return pick(view, name, taken);
};

/** All of them, as nobody else may have: what a service says that it uses of the mesh. */
export const virtualAddresses = (view: View): readonly string[] =>
  [...addressesOf(view).values()].flatMap(({ ipv4, ipv6 }) =>
    ipv4 === null ? [ipv6] : [ipv4, ipv6],
  );

const settle = (view: View): ReadonlyMap<string, Addresses> => {
  const taken = takenByMembers(view);
  const settled = new Map<string, Addresses>();
  const lost: string[] = [];
  for (const { name, addresses } of balancersOf(view).balancers) {
    if (isFree(view, addresses, taken)) settled.set(name, take(addresses, taken));
    else lost.push(name);
  }
  for (const name of lost) settled.set(name, take(pick(view, name, taken), taken));
  return settled;
};

const takenByMembers = ({ members }: View): Set<string> =>
  new Set(
    members
      .filter(({ hasLeft }) => !hasLeft)
      .flatMap(({ ipv4, ipv6 }) => (ipv4 === null ? [ipv6] : [ipv4, ipv6])),
  );

const take = (addresses: Addresses, taken: Set<string>): Addresses => {
  if (addresses.ipv4 !== null) taken.add(addresses.ipv4);
  taken.add(addresses.ipv6);
  return addresses;
};

/** Whoever may write objects may write any address into one: only those of the mesh are used. */
const isFree = (
  { mesh }: View,
  { ipv4, ipv6 }: Balancer['addresses'],
  taken: ReadonlySet<string>,
): boolean =>
  (ipv4 === null || (contains(mesh.prefix, ipv4) && !taken.has(ipv4))) &&
  contains(mesh.prefix6, ipv6) &&
  !taken.has(ipv6);

const pick = ({ mesh }: View, name: string, taken: ReadonlySet<string>): Addresses => ({
  ipv4: pick4(mesh.prefix, name, taken),
  ipv6: pick6(mesh.prefix6, name, taken),
});

/** Upward from a place that follows from the name, past the founder's. */
const pick4 = (prefix: string, name: string, taken: ReadonlySet<string>): string | null => {
  const count = hostCount(prefix) - 1;
  const start = fnv1a(`0 ${name}`) % count;
  for (let step = 0; step < count; step++) {
    const candidate = addressAt(prefix, 2 + ((start + step) % count));
    if (!taken.has(candidate)) return candidate;
  }
  return null;
};

/** The prefix, and 64 bits that follow from the name. */
const pick6 = (prefix6: string, name: string, taken: ReadonlySet<string>): string => {
  for (let attempt = 0; ; attempt++) {
    const bits = [1, 2].map((part) => fnv1a(`${2 * attempt + part} ${name}`));
    const host = bits.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff));
    const candidate = formatAddress6([...octets6(prefix6), ...host]);
    if (!taken.has(candidate)) return candidate;
  }
};

/** The first 64 bits of a prefix of the mesh, which is a /64 in its one spelling. */
const octets6 = (prefix6: string): readonly number[] => {
  const [network = ''] = prefix6.split('/');
  const [head = ''] = network.split('::');
  const groups = head === '' ? [] : head.split(':').map((group) => Number.parseInt(group, 16));
  return [...groups, 0, 0, 0, 0].slice(0, 4).flatMap((group) => [group >> 8, group & 0xff]);
};
