/**
 * Rule: firewall ends — the two ends of a connection that somebody asks about: members, or an
 * address that is nobody's.
 */
import type { Member, View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import {
  addressNumber,
  type Cidr,
  type Family,
  hostCidr,
  parseCidr,
} from '../../selectors/cidr.ts';
import type { Selector, Zone } from '../../selectors/schemas.table.ts';
import { flat, memberAddresses, membersOf } from '../../selectors/selectors.ts';
import { readSelector } from '../../selectors/typed.ts';
import type { Flow, Judgement } from '../judge.ts';
import { policyOf } from '../policy.ts';
import type { Direction } from '../schemas.table.ts';
import { type Borders, pointsIn } from './borders.ts';
import type { Court } from './sites.ts';
import { readTraffic } from './traffic.ts';

/** One end: a member, or an address outside of the mesh. */
export type End =
  /** `at`: by this one of its addresses in the mesh; absent: by all that it has. */
  | { readonly kind: 'member'; readonly member: Member; readonly at?: string }
  | { readonly kind: 'address'; readonly address: string };

/** What is asked to pass: one port, or one type of ICMP. */
export type Probe = Pick<Flow, 'protocol' | 'value'>;

/** One decision on the way. */
export interface Step {
  readonly member: string;
  readonly direction: Direction;
  readonly judgement: Judgement;
}

/** One end by what was typed: a member, an address, or a prefix of one host. */
export function readEnd(view: View, field: string, text: string): End {
  if (addressNumber(text) !== null) return endOfAddress(view, text);
  const selector = readSelector(view, field, text);
  if (selector.kind === 'member') {
    const member = view.members.find(({ id }) => id === selector.id);
    if (member !== undefined) return { kind: 'member', member };
  }
  if (selector.kind === 'cidr') {
    const [address = ''] = selector.cidr.split('/');
    const cidr = parseCidr(selector.cidr);
    if (cidr.ok && cidr.value.first === cidr.value.last) return endOfAddress(view, address);
  }
  throw refuse(field, text, 'means more than one', 'name one member or one address');
}

/** The same, where a member's address means the member by that address alone. */
export function readEndAt(view: View, field: string, text: string): End {
  const end = readEnd(view, field, text);
  const [address = ''] = text.split('/');
  if (end.kind === 'address' || addressNumber(address) === null) return end;
  return { ...end, at: inOneSpelling(address) };
}

const inOneSpelling = (address: string): string => hostCidr(address).text.split('/')[0] ?? address;

const endOfAddress = (view: View, typed: string): End => {
  const address = inOneSpelling(typed);
  const member = view.members.find(
    ({ ipv4, ipv6, hasLeft }) => !hasLeft && (ipv4 === address || ipv6 === address),
  );
  return member === undefined ? { kind: 'address', address } : { kind: 'member', member };
};

/** All addresses of both families. */
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/** The addresses that a selector names; outside of the mesh, anybody is all addresses too. */
const prefixesOf = (view: View, selector: Selector, zone: Zone): readonly string[] =>
  selector.kind === 'any' && zone === 'wan'
    ? EVERYWHERE
    : flat(policyOf(view).groups, [selector]).flatMap((each) =>
        each.kind === 'cidr' ? [each.cidr] : [],
      );

/** Everybody whom a selector means. Of addresses, one for each part that the borders tell apart. */
export const endsOf = (
  view: View,
  selector: Selector,
  zone: Zone,
  borders: Borders,
): readonly End[] => {
  const prefixes = prefixesOf(view, selector, zone);
  const ids = membersOf({ view, groups: policyOf(view).groups }, [selector]);
  const members = view.members.filter(({ id }) => ids.has(id));
  // In the tunnels no packet has an address of the mesh that is no member's.
  const isSomebody = (address: string): boolean =>
    zone === 'wan' || prefixes.some((each) => isOne(each)) || !isOverlay(view, address);
  const outside = prefixes
    .flatMap((prefix) => pointsIn(prefix, [...borders, ...overlayIn(view, zone)]))
    .map((address) => endOfAddress(view, address))
    .filter((end) => (end.kind === 'member' ? !ids.has(end.member.id) : isSomebody(end.address)));
  return [...members.map((member): End => ({ kind: 'member', member })), ...outside];
};

/** Whether a selector means an end, in a view. */
export const openMeaning = (
  view: View,
  selector: Selector,
  zone: Zone,
): ((end: End) => boolean) => {
  const ids = membersOf({ view, groups: policyOf(view).groups }, [selector]);
  const prefixes = prefixesOf(view, selector, zone).flatMap((prefix) => {
    const parsed = parseCidr(prefix);
    return parsed.ok ? [parsed.value] : [];
  });
  const isIn = (host: Cidr): boolean => prefixes.some((prefix) => isWithin(prefix, host));
  return (end) =>
    end.kind === 'address'
      ? isIn(hostCidr(end.address))
      : ids.has(end.member.id) || memberAddresses(end.member, zone).some(isIn);
};

const isOne = (prefix: string): boolean => {
  const cidr = parseCidr(prefix);
  return cidr.ok && cidr.value.first === cidr.value.last;
};

const isOverlay = ({ mesh }: View, address: string): boolean => {
  const host = hostCidr(address);
  return [mesh.prefix, mesh.prefix6].some((prefix) => {
    const cidr = parseCidr(prefix);
    return cidr.ok && isWithin(cidr.value, host);
  });
};

const isWithin = (prefix: Cidr, host: Cidr): boolean =>
  prefix.family === host.family && prefix.first <= host.first && host.last <= prefix.last;

/** In the mesh a prefix holds members, of whom each has its own firewall. */
const overlayIn = ({ members }: View, zone: Zone): readonly Cidr[] =>
  zone === 'wan' ? [] : members.flatMap((member) => memberAddresses(member, zone));

/** How an end is called. */
export const endName = (end: End): string =>
  end.kind === 'member' ? end.member.name : end.address;

/** One port or type. Fault 'refused' for several. */
export function readProbe(field: string, text: string): Probe {
  const { protocol, ports, types } = readTraffic(field, text);
  const remedy = 'ask for one, as tcp/443 or icmp/echo-request';
  if (protocol === 'any') throw refuse(field, text, 'is no one protocol', remedy);
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    const [type = protocol === 'icmp' ? 8 : 128, ...more] = types ?? [];
    if (more.length > 0) throw refuse(field, text, 'names several types', remedy);
    return { protocol, value: type };
  }
  const [range, ...more] = ports ?? [];
  if (range === undefined || more.length > 0 || range[0] !== range[1]) {
    throw refuse(field, text, 'is not one port', remedy);
  }
  return { protocol, value: range[0] };
}

/** The zone in which two ends meet: the mesh between members, else all the rest. */
export const zoneOf = (from: End, to: End): Zone =>
  from.kind === 'member' && to.kind === 'member' ? 'mesh' : 'wan';

/** All connections between two ends, by each address of each family that both have. */
export const flowsOf = (from: End, to: End, zone: Zone, probe: Probe): readonly Flow[] =>
  familiesOf(probe).flatMap((family) =>
    addressesIn(from, zone, family).flatMap((source) =>
      addressesIn(to, zone, family).map((destination) => ({ ...probe, source, destination })),
    ),
  );

/** How many addresses some ends have of a family. */
export const countAddresses = (ends: readonly End[], zone: Zone, family: Family): number =>
  ends.reduce((sum, end) => sum + addressesIn(end, zone, family).length, 0);

/** Of those the first of each family: the addresses that are used first. */
export const mainFlowsOf = (from: End, to: End, zone: Zone, probe: Probe): readonly Flow[] =>
  familiesOf(probe).flatMap((family) => {
    const [source] = addressesIn(from, zone, family);
    const [destination] = addressesIn(to, zone, family);
    return source === undefined || destination === undefined
      ? []
      : [{ ...probe, source, destination }];
  });

/** By which families it can be asked. */
export const familiesOf = ({ protocol }: Probe): readonly Family[] =>
  protocol === 'icmp' ? ['ip'] : protocol === 'icmpv6' ? ['ip6'] : ['ip', 'ip6'];

const addressesIn = (end: End, zone: Zone, family: Family): readonly string[] => {
  if (end.kind === 'address') {
    return addressNumber(end.address)?.family === family ? [end.address] : [];
  }
  return memberAddresses(end.member, zone)
    .filter((cidr) => cidr.family === family)
    .map(({ text }) => text.split('/')[0] ?? '')
    .filter((address) => zone === 'wan' || end.at === undefined || end.at === address);
};

/** Who decides on it on its way: where it leaves, then where it comes in. */
export const stepsOf = (court: Court, ends: readonly [End, End], zone: Zone, flow: Flow) => {
  const [from, to] = ends;
  const at = (end: End, direction: Direction): readonly Step[] => {
    if (end.kind === 'address') return [];
    const judgement = court.judgeAt(end.member, zone, direction, flow);
    return judgement === null ? [] : [{ member: end.member.name, direction, judgement }];
  };
  const steps = [...at(from, 'out'), ...at(to, 'in')];
  const stop = steps.find(({ judgement }) => judgement.action !== 'allow') ?? null;
  return { steps, stop };
};
