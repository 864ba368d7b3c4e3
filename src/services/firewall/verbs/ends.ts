/**
 * Rule: firewall ends — the two ends of a connection that somebody asks about: members, or an
 * address that is nobody's.
 */
import type { Member, View } from '../../../crdt/view.ts';
import { addressNumber, type Family, parseCidr } from '../cidr.ts';
import type { Flow, Judgement } from '../judge.ts';
import { policyOf } from '../policy.ts';
import type { Direction, Selector, Zone } from '../schemas.table.ts';
import { memberAddresses, membersOf } from '../selectors.ts';
import { refuse } from './refuse.ts';
import { readSelector } from './selecting.ts';
import type { Court } from './sites.ts';
import { readTraffic } from './traffic.ts';

/** One end: a member, or an address outside of the mesh. */
export type End =
  | { readonly kind: 'member'; readonly member: Member }
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

const endOfAddress = (view: View, address: string): End => {
  const member = view.members.find(
    ({ ipv4, ipv6, hasLeft }) => !hasLeft && (ipv4 === address || ipv6 === address),
  );
  return member === undefined ? { kind: 'address', address } : { kind: 'member', member };
};

/** Everybody whom a selector means; a prefix stands for its first address. */
export const endsOf = (view: View, selector: Selector): readonly End[] => {
  if (selector.kind === 'cidr') {
    const cidr = parseCidr(selector.cidr);
    return cidr.ok ? [endOfAddress(view, selector.cidr.split('/')[0] ?? '')] : [];
  }
  const ids = membersOf({ view, groups: policyOf(view).groups }, [selector]);
  return view.members.filter(({ id }) => ids.has(id)).map((member) => ({ kind: 'member', member }));
};

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

/** The connection between two ends, or null where they have no address of one family. */
export const flowOf = (from: End, to: End, zone: Zone, probe: Probe): Flow | null => {
  const families: readonly Family[] =
    probe.protocol === 'icmp' ? ['ip'] : probe.protocol === 'icmpv6' ? ['ip6'] : ['ip', 'ip6'];
  for (const family of families) {
    const [source] = addressesIn(from, zone, family);
    const [destination] = addressesIn(to, zone, family);
    if (source !== undefined && destination !== undefined) {
      return { ...probe, source, destination };
    }
  }
  return null;
};

const addressesIn = (end: End, zone: Zone, family: Family): readonly string[] => {
  if (end.kind === 'address') {
    return addressNumber(end.address)?.family === family ? [end.address] : [];
  }
  return memberAddresses(end.member, zone)
    .filter((cidr) => cidr.family === family)
    .map(({ text }) => text.split('/')[0] ?? '');
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
