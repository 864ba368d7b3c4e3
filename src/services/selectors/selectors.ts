/**
 * Rule: selectors — who a selector means, as the view has it now.
 *
 * 1. They are resolved each time the rules are planned: whoever joins with a label is meant at
 *    once, and whoever left is not.
 * 2. In the mesh a member is its overlay addresses. Outside it is where it says that it can be
 *    reached, so a rule of the wan that names a member trusts what that member says of itself.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import { type Cidr, hostCidr, mergeCidrs, parseCidr } from './cidr.ts';
import type { GroupRecord, Selector, Zone } from './schemas.table.ts';

/** Addresses that are meant; null: all. An empty list: none, which no packet has. */
export type Meant = readonly Cidr[] | null;

export type Groups = ReadonlyMap<string, GroupRecord>;

/** What selectors are resolved by. */
export interface Who {
  readonly view: View;
  readonly groups: Groups;
}

/** The addresses that the selectors mean in a zone; absent selectors mean all. */
export const addressesOf = (
  who: Who,
  selectors: readonly Selector[] | undefined,
  zone: Zone,
): Meant => {
  if (selectors === undefined) return null;
  const parts = flat(who.groups, selectors).map((each) => addressesOfOne(who.view, each, zone));
  if (parts.includes(null)) return null;
  return mergeCidrs(parts.flatMap((part) => part ?? []));
};

/** The members that the selectors mean, those that have left not; absent selectors mean all. */
export const membersOf = (
  who: Who,
  selectors: readonly Selector[] | undefined,
): ReadonlySet<MemberId> => {
  const wanted = selectors === undefined ? null : flat(who.groups, selectors);
  const isMeant = (member: Member): boolean =>
    wanted === null || wanted.some((each) => isMember(each, member));
  return new Set(
    who.view.members.filter((member) => !member.hasLeft && isMeant(member)).map(({ id }) => id),
  );
};

/** Selectors with groups resolved to what they hold. */
export const flat = (groups: Groups, selectors: readonly Selector[]): readonly Selector[] =>
  selectors.flatMap((each) =>
    each.kind === 'group' ? (groups.get(each.name)?.members ?? []) : [each],
  );

const isMember = (selector: Selector, member: Member): boolean => {
  if (selector.kind === 'any' || selector.kind === 'mesh') return true;
  if (selector.kind === 'member') return selector.id === member.id;
  if (selector.kind !== 'labels') return false;
  return Object.entries(selector.labels).every(([key, value]) => member.labels[key] === value);
};

const addressesOfOne = (view: View, selector: Selector, zone: Zone): Meant => {
  if (selector.kind === 'any') return null;
  if (selector.kind === 'cidr') {
    const parsed = parseCidr(selector.cidr);
    return parsed.ok ? [parsed.value] : [];
  }
  if (selector.kind === 'mesh' && zone === 'mesh') {
    return [view.mesh.prefix, view.mesh.prefix6].flatMap((prefix) => {
      const parsed = parseCidr(prefix);
      return parsed.ok ? [parsed.value] : [];
    });
  }
  return view.members
    .filter((member) => !member.hasLeft && isMember(selector, member))
    .flatMap((member) => memberAddresses(member, zone));
};

/** Where a member is in a zone. */
export const memberAddresses = (member: Member, zone: Zone): readonly Cidr[] => {
  const { ipv4, ipv6, endpoints } = member;
  if (zone === 'mesh') return [...(ipv4 === null ? [] : [ipv4]), ipv6].map(hostCidr);
  if (endpoints === null) return [];
  const { advertised, observed, local } = endpoints;
  const hosts = [advertised?.host, observed?.host, ...local].filter((host) => host !== undefined);
  return [...new Map(hosts.map(hostCidr).map((cidr) => [cidr.text, cidr])).values()];
};
