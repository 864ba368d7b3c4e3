/**
 * Rule: firewall foreign passage — connections that a rule of ours lets through, and which of them
 * another program's rule takes.
 */

import { PROTOCOL_NUMBERS } from '../nft/tables.ts';
import type { Cidr, Family } from '../selectors/cidr.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import type { Ask } from './foreign-asks.ts';
import { partsOf, type Range } from './foreign-ranges.ts';
import type { Direction, Protocol } from './schemas.table.ts';

/** What is let through. */
export interface Passage {
  readonly zone: Zone;
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** Null: all, or it has none. */
  readonly ports: readonly Range[] | null;
  /** The far end. Null: anybody. */
  readonly remote: readonly Pick<Cidr, 'family' | 'first' | 'last'>[] | null;
  /** Name of our own interface. */
  readonly interface: string;
}

/** Of a passage, what a rule takes. Not sure: it takes some of `passage`, all, or nothing. */
export interface Taken {
  readonly passage: Passage;
  readonly isSure: boolean;
}

/** What fulfils all that is asked for, or null: nothing. The same passage where that is all. */
export const take = (asks: readonly Ask[], whole: Passage): Taken | null => {
  let passage = whole;
  let isSure = true;
  for (const ask of asks) {
    const part = partFor(ask, passage);
    if (part === null) return null;
    if (part === 'unknown') isSure = false;
    else passage = part;
  }
  return { passage, isSure };
};

type Part = Passage | 'unknown' | null;

const partFor = (ask: Ask, passage: Passage): Part => {
  switch (ask.kind) {
    case 'unknown':
      return 'unknown';
    case 'port':
      return portPart(ask, passage);
    case 'address':
      return addressPart(ask, passage);
    case 'protocol':
      return protocolPart(ask, passage);
    case 'family':
      return familyPart(ask.family, passage);
    case 'iif':
    case 'oif':
      return interfacePart(ask, passage);
  }
};

type AskOf<Kind extends Ask['kind']> = Extract<Ask, { readonly kind: Kind }>;

const interfacePart = (ask: Extract<Ask, { readonly names: unknown }>, passage: Passage): Part => {
  const { zone, direction, interface: own } = passage;
  const { names, isNot, isWhole } = ask;
  // Behind that interface it is not yet, or no more.
  if (ask.kind !== (direction === 'in' ? 'iif' : 'oif')) return isNot ? 'unknown' : null;
  if (zone === 'mesh') {
    const isOwn = names.some((pattern) => isNamed(pattern, own));
    return isOwn || isWhole ? (isOwn === isNot ? null : passage) : 'unknown';
  }
  // Behind which of the others it is, nobody said.
  if (!isWhole || names.some((name) => name !== 'lo' && name !== own)) return 'unknown';
  return isNot ? passage : null;
};

/** A star at the end stands for whatever comes. */
export const isNamed = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

const protocolPart = ({ values, isNot, isWhole }: AskOf<'protocol'>, passage: Passage): Part => {
  const { protocol } = passage;
  if (protocol === 'any') return 'unknown';
  const isIt =
    values.includes(protocol) ||
    values.includes(PROTOCOL_NUMBERS[protocol]) ||
    (protocol === 'icmpv6' && values.includes('ipv6-icmp'));
  if (!isIt && !isWhole) return 'unknown';
  return isIt === isNot ? null : passage;
};

const portPart = ({ of, ranges, isNot, isWhole }: AskOf<'port'>, passage: Passage): Part => {
  const { protocol, ports } = passage;
  if (protocol === 'any') return 'unknown';
  if (of !== protocol && (of !== 'th' || (protocol !== 'tcp' && protocol !== 'udp'))) return null;
  // A rule for all ports is no rule for one of them.
  if (ports === null) return 'unknown';
  const parts = ports.flatMap((range) => partsOf(range, ranges, isNot));
  if (!isWhole) return !isNot && isSame(ports, parts) ? passage : 'unknown';
  if (parts.length === 0) return null;
  return isSame(ports, parts) ? passage : { ...passage, ports: parts };
};

const isSame = (ranges: readonly Range[], parts: readonly Range[]): boolean =>
  parts.length === ranges.length &&
  ranges.every(([first, last], at) => parts[at]?.[0] === first && parts[at]?.[1] === last);

const addressPart = (ask: AskOf<'address'>, passage: Passage): Part => {
  const { direction, remote } = passage;
  // Whom a rule for everybody lets in, another may well keep out by name.
  if (ask.field !== (direction === 'in' ? 'saddr' : 'daddr') || remote === null) return 'unknown';
  const { family, ranges, isNot, isWhole } = ask;
  const own = remote.filter((each) => each.family === family);
  if (own.length === 0) return null;
  if (!isWhole) return 'unknown';
  const parts = own.flatMap((each) => partsOf([each.first, each.last], ranges, isNot));
  if (parts.length === 0) return null;
  const isAll = isSame(
    remote.map(({ first, last }) => [first, last]),
    parts,
  );
  if (isAll && own.length === remote.length) return passage;
  return { ...passage, remote: parts.map(([first, last]) => ({ family, first, last })) };
};

const familyPart = (family: Family, passage: Passage): Part => {
  const remote = passage.remote?.filter((each) => each.family === family);
  if (remote === undefined || remote.length === passage.remote?.length) return passage;
  return remote.length === 0 ? null : { ...passage, remote };
};
