/**
 * Rule: firewall compile part — a part of a rule that is tried in its turn, as rules of nft and the
 * sets of addresses that these ask.
 *
 * 1. The rules name their sets, and members come and go in the sets alone. One address that no
 *    member's coming changes stands in the rule itself.
 * 2. What nft would list otherwise is not written: lists are in order and merged, a family that is
 *    told already is told once. Else the table would seem changed whenever it is read back.
 */

import {
  type Expression,
  elementsOf,
  is,
  meta,
  type NftRule,
  type NftSet,
  oneOrSet,
  PROTOCOL_NUMBERS,
  payload,
} from '../nft/tables.ts';
import { inOrder, rangeValue } from '../port-ranges.ts';
import { type Cidr, type Family, parseCidr } from '../selectors/cidr.ts';
import type { Meant } from '../selectors/selectors.ts';
import { ICMP_ANSWERS, ICMP_NAMES } from './icmp.table.ts';
import type { Lane } from './lane.ts';
import type { OrderedPart } from './sort-lane.ts';

/** From which side a packet sees the connection. */
export type Way = 'forth' | 'back';

/** Both families, as nft names their headers. */
export const FAMILIES = ['ip', 'ip6'] as const;
/** The type of an address of a family. */
export const TYPE_OF = { ip: 'ipv4_addr', ip6: 'ipv6_addr' } as const;
/** A family, as a packet has it. */
export const NFPROTO = { ip: 'ipv4', ip6: 'ipv6' } as const;

/** Names of chains and sets of one lane. */
export interface Names {
  readonly side: string;
  readonly lane: string;
}

/** In which fields of a packet the ends of its connection stand. */
export interface Fields {
  readonly remote: 'saddr' | 'daddr';
  readonly local: 'saddr' | 'daddr';
  readonly port: 'dport' | 'sport';
  readonly way: Way;
}

/** The fields of a packet that comes this way through a lane of this direction. */
export const fieldsOf = (direction: Lane['direction'], way: Way): Fields => {
  const isSource = (direction === 'in') === (way === 'forth');
  return {
    remote: isSource ? 'saddr' : 'daddr',
    local: isSource ? 'daddr' : 'saddr',
    port: way === 'forth' ? 'dport' : 'sport',
    way,
  };
};

const END_NAMES = { remote: 'far', local: 'near' } as const;
type End = keyof typeof END_NAMES;

const setName = (names: Names, { clause, part }: OrderedPart, end: End, family: Family): string =>
  `${names.lane}/${END_NAMES[end]}/${clause.rule.name}/${part}/${family}`;

const endsOf = ({ clause, remote }: OrderedPart): Readonly<Record<End, Meant>> => ({
  remote,
  local: clause.local,
});

/** Families in which a part can match, whoever comes. Null: in either, without looking. */
const familiesOf = (part: OrderedPart): readonly Family[] | null => {
  const meant = Object.values(endsOf(part)).filter((each) => each !== null);
  if (meant.length === 0) return null;
  const { protocol } = part.clause;
  const fit = FAMILIES.filter((family) => protocol !== (family === 'ip' ? 'icmpv6' : 'icmp'));
  return fit.filter(
    (family) =>
      part.clause.isMoving || meant.every((cidrs) => cidrs.some((each) => each.family === family)),
  );
};

const ofFamily = (meant: readonly Cidr[], family: Family): readonly Cidr[] =>
  meant.filter((each) => each.family === family);

/** A whole family cannot stand in a set; it needs none either. */
const isWhole = (cidrs: readonly Cidr[]): boolean => cidrs.some(({ length }) => length === 0);

/**
 * The one prefix that a part asks for and will always ask for: it stands in the rule itself, for to
 * look it up in a set takes four times as long. Measured with `npm run bench -- firewall`.
 */
const onlyOf = ({ clause }: OrderedPart, cidrs: readonly Cidr[]): Cidr | null =>
  clause.isMoving || cidrs.length !== 1 ? null : (cidrs[0] ?? null);

/** The sets that the rules of a part ask. */
export const setsOf = (names: Names, part: OrderedPart): readonly NftSet[] =>
  (familiesOf(part) ?? []).flatMap((family) =>
    (['remote', 'local'] as const).flatMap((end): readonly NftSet[] => {
      const meant = endsOf(part)[end];
      if (meant === null) return [];
      const cidrs = ofFamily(meant, family);
      if (isWhole(cidrs) || onlyOf(part, cidrs) !== null) return [];
      const elements = cidrs.map(({ text }) => ({
        ...{ key: cidrKey(text), verdict: null, rule: part.clause.rule.name },
      }));
      return [
        {
          ...{ name: setName(names, part, end, family), kind: 'set', type: TYPE_OF[family] },
          ...{ flags: ['interval'], isCounted: false, elements: elementsOf(elements) },
        },
      ];
    }),
  );

/** As nft lists an element of an interval set. */
export const cidrKey = (text: string): unknown => {
  const parsed = parseCidr(text);
  const [addr, lengthText] = text.split('/');
  const isHost = parsed.ok && parsed.value.first === parsed.value.last;
  return isHost ? addr : { prefix: { addr, len: Number(lengthText) } };
};

/** The rules of a part, one for each family where it matters. `then`: what they do. */
export const partRules = (
  names: Names,
  part: OrderedPart,
  fields: Fields,
  then: readonly Expression[],
): readonly NftRule[] => {
  const comment = part.clause.rule.name;
  const what = protocolMatch(part, fields);
  const families = familiesOf(part);
  if (families === null) return [{ comment, expr: [...what, ...then] }];
  return families.map((family) => {
    const ends = (['remote', 'local'] as const).flatMap((end) => {
      const meant = endsOf(part)[end];
      if (meant === null) return [];
      const cidrs = ofFamily(meant, family);
      if (isWhole(cidrs)) return [];
      const only = onlyOf(part, cidrs);
      const right = only === null ? `@${setName(names, part, end, family)}` : cidrKey(only.text);
      return [is(payload(family, fields[end]), right)];
    });
    // Where an address or a protocol tells the family, nft lists it no second time.
    const isTold = ends.length > 0 || part.clause.protocol.startsWith('icmp');
    const whole = isTold ? [] : [is(meta('nfproto'), NFPROTO[family])];
    return { comment, expr: [...whole, ...ends, ...what, ...then] };
  });
};

const protocolMatch = ({ clause, ports }: OrderedPart, fields: Fields): readonly Expression[] => {
  const { protocol, types } = clause;
  if (protocol === 'any') return [];
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    if (types === null) return [is(meta('l4proto'), PROTOCOL_NUMBERS[protocol])];
    return [is(payload(protocol, 'type'), typesSeen(protocol, types, fields.way))];
  }
  if (ports === null) return [is(meta('l4proto'), PROTOCOL_NUMBERS[protocol])];
  return [is(payload(protocol, fields.port), oneOrSet(inOrder(ports).map(rangeValue)))];
};

/** The types as a packet of this side has them: an answer is of another type than its question. */
export const typesSeen = (
  protocol: 'icmp' | 'icmpv6',
  types: readonly number[],
  way: Way,
): unknown => {
  const seen = types.map((type) =>
    way === 'forth' ? type : (ICMP_ANSWERS[protocol][type] ?? type),
  );
  const sorted = [...new Set(seen)].toSorted((a, b) => a - b);
  return oneOrSet(sorted.map((type) => ICMP_NAMES[protocol][type] ?? type));
};
