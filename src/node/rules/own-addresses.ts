/**
 * Rule: own addresses — which addresses of this host others should try, best first.
 *
 * A token names four of them, and a dial has time for four that swallow packets, so what cannot be
 * reached from elsewhere must not stand before what can: a host with containers has many bridges.
 */
import { canBeHost, isAddress4 } from '../../crdt/addresses.ts';
import type { OwnAddress } from '../../ports.ts';

/** Own addresses that are published, at most. A VM with more names the first in order. */
const ADDRESSES_MAX = 16;

/**
 * Interfaces for containers and guests of this host, by the names that docker, podman, libvirt,
 * LXC, LXD, and the network plugins of Kubernetes give them.
 */
const VIRTUAL = /^(docker[\d_]|br-|virbr|veth|cni|flannel|lxc|lxdbr|podman|cali)/;

const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/;

/** Whether an address has a meaning within one site only. */
export const isPrivate = (host: string): boolean => PRIVATE.test(host);

/** The addresses to publish, best first, at most 16, each once. */
export function bestAddresses(addresses: readonly OwnAddress[]): readonly string[] {
  const ranked = addresses
    .filter(({ host }) => canBeHost(host))
    .map((address) => ({ host: address.host, rank: rankOf(address) }))
    .toSorted((a, b) => compare(a.rank, b.rank) || compare(a.host, b.host));
  return [...new Set(ranked.map(({ host }) => host))].slice(0, ADDRESSES_MAX);
}

/** A text that sorts: interface, then site, then family; what has IPv6 mostly has IPv4 as well. */
const rankOf = (address: OwnAddress): string => {
  const isGuests = VIRTUAL.test(address.interface);
  const isLocal = isPrivate(address.host);
  const kind = address.isUplink ? 0 : isGuests ? 2 : 1;
  return `${kind}${Number(isLocal)}${Number(!isAddress4(address.host))}`;
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
