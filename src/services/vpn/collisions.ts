/**
 * Rule: vpn collisions — what others have on this host that stands in the way of the mesh.
 *
 * It is named with what to do about it, and never changed: it may be somebody's work. When it goes,
 * `ip monitor` tells, and so goes the problem.
 */
import { contains, overlaps } from '../../crdt/addresses.ts';
import type { Member, MeshInfo, View } from '../../crdt/view.ts';
import type { Problem, Self } from '../service.ts';
import type { ObservedRoute, VpnDesired, VpnObserved } from './state.ts';

/** Most collisions of a kind that are named one by one. A host of containers may have thousands. */
const TOLD_MAX = 5;

/** All of them, in words. */
export const collisions = (
  view: View,
  self: Self,
  desired: NonNullable<VpnDesired>,
  observed: VpnObserved,
): readonly Problem[] => {
  const { mesh } = view;
  const inside = observed.others.filter(({ address }) => prefixOf(mesh, address) !== null);
  const foreign = foreignRoutes(mesh, self.interface, observed.routes)
    // What comes with an address goes with it, and the address is named.
    .filter((route) => !isOfAddress(route, inside));
  const named = [
    ...inside.slice(0, TOLD_MAX).map(({ interface: name, address }) => {
      const what = `address: ${address}: of ${name} lies inside the mesh's`;
      const remedy = `remove it from ${name}, or give that network other addresses`;
      return `${what} ${prefixOf(mesh, address)}; ${remedy}`;
    }),
    ...foreign.slice(0, TOLD_MAX).map((route) => {
      const how = route.interfaces.length === 0 ? route.type : `by ${route.interfaces.join(', ')}`;
      const table = route.table === 'main' ? '' : ` in table ${route.table}`;
      const what = `route: ${route.prefix}: goes ${how}${table} and takes from the mesh's`;
      return `${what} ${prefixOf(mesh, route.prefix)}; remove it, or give it another prefix`;
    }),
  ];
  return named.length > 0 ? named : strayMembers(view, self, desired, observed);
};

/** Which of the mesh's prefixes an address or a prefix touches. */
const prefixOf = ({ prefix, prefix6 }: MeshInfo, address: string): string | null => {
  const [host = ''] = address.split('/');
  return [prefix, prefix6].find((each) => contains(each, host)) ?? null;
};

/** Of the tables that are looked up; what the kernel adds for broadcasts says nothing. */
const foreignRoutes = (
  mesh: MeshInfo,
  ownInterface: string,
  routes: readonly ObservedRoute[],
): readonly ObservedRoute[] =>
  routes.filter(
    ({ prefix, interfaces, table, type }) =>
      table !== 'local' &&
      !['broadcast', 'multicast', 'anycast'].includes(type) &&
      !(interfaces.length === 1 && interfaces[0] === ownInterface) &&
      [mesh.prefix, mesh.prefix6].some((each) => overlaps(each, prefix)),
  );

const isOfAddress = (route: ObservedRoute, addresses: VpnObserved['others']): boolean =>
  route.protocol === 'kernel' &&
  addresses.some(
    ({ interface: name, address }) =>
      route.interfaces.includes(name) && overlaps(route.prefix, address),
  );

/**
 * With all in place, traffic for a member may still leave by another interface: rules can have
 * other tables looked up first.
 */
const strayMembers = (
  view: View,
  self: Self,
  desired: NonNullable<VpnDesired>,
  observed: VpnObserved,
): readonly Problem[] => {
  const isInPlace = ({ prefix }: { prefix: string }): boolean =>
    observed.routes.some((route) => route.prefix === prefix && route.table === 'main');
  if (!desired.routes.every(isInPlace)) return [];
  const strays = view.members.flatMap((member) =>
    addressesOf(member, self).flatMap((address) => {
      const path = observed.paths[address];
      if (path === undefined || path.interface === self.interface) return [];
      const what = `route: ${address}: what is for ${member.name} leaves by ${path.interface}`;
      return [`${what}, as a routing rule says; see: ip rule`];
    }),
  );
  return strays.slice(0, TOLD_MAX);
};

/** The overlay addresses of another member. */
export const addressesOf = (
  { id, ipv4, ipv6, hasLeft }: Member,
  self: Pick<Self, 'id'>,
): readonly string[] => (id === self.id || hasLeft ? [] : [...(ipv4 === null ? [] : [ipv4]), ipv6]);
