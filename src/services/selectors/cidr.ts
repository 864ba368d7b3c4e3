/**
 * Rule: cidr — prefixes of addresses as numbers, so that they can be compared.
 *
 * 1. Each has one spelling: the network's address as RFC 5952 writes it, and the length, always.
 */
import ipaddr from 'ipaddr.js';
import { openMemo } from '../../crdt/memo.ts';
import type { Parsed } from '../../crdt/names.ts';

export type Family = 'ip' | 'ip6';

/** A prefix. `first` and `last`: its lowest and highest address as a number. */
export interface Cidr {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
  /** Its one spelling. */
  readonly text: string;
}

/** Length of an address. Unit: bits. */
export const BITS = { ip: 32, ip6: 128 } as const;
/** Texts of which the prefix is remembered: several times the largest policy aimed at. */
const MEMO_MAX = 65_536;
const cidrMemo = openMemo<Parsed<Cidr>>(MEMO_MAX);
const hostMemo = openMemo<Cidr>(MEMO_MAX);

const PARTS = /^([0-9a-fA-F.:]+)\/(0|[1-9][0-9]{0,2})$/;

/** The number of an address, or null for what is none. Only the usual spellings. */
export const addressNumber = (text: string): AddressNumber | null =>
  text.length > ADDRESS_LENGTH_MAX ? null : numberMemo(text, () => readAddress(text));

interface AddressNumber {
  readonly family: Family;
  readonly value: bigint;
}

/** Of IPv6 with an IPv4 part. Unit: characters. */
const ADDRESS_LENGTH_MAX = 45;

/** Of the members of a large mesh: a policy test asks for each a thousand times. */
const numberMemo = openMemo<AddressNumber | null>(4_096);

const readAddress = (text: string): AddressNumber | null => {
  const isV6 = text.includes(':');
  const isFit = isV6
    ? !text.includes('%') && ipaddr.IPv6.isValid(text)
    : ipaddr.IPv4.isValidFourPartDecimal(text);
  if (!isFit) return null;
  const octets = ipaddr.parse(text).toByteArray();
  const value = octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return { family: isV6 ? 'ip6' : 'ip', value };
};

/** The text of an address's number, in its one spelling. */
export const addressText = (family: Family, value: bigint): string => {
  const count = BITS[family] / 8;
  const octets = Array.from({ length: count }, (_, index) =>
    Number((value >> BigInt(8 * (count - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(octets).toString();
};

/** Reads a prefix. An address alone is none: whether it is one host has to be said. */
export const parseCidr = (text: string): Parsed<Cidr> => cidrMemo(text, () => readCidr(text));

const readCidr = (text: string): Parsed<Cidr> => {
  const [, addressPart, lengthPart] = PARTS.exec(text) ?? [];
  const address = addressPart === undefined ? null : addressNumber(addressPart);
  if (address === null) return { ok: false, why: 'is no CIDR, as 192.0.2.0/24 or 2001:db8::/32' };
  const { family, value } = address;
  const length = Number(lengthPart);
  if (length > BITS[family]) {
    return { ok: false, why: `has a length of more than /${BITS[family]}` };
  }
  const size = 1n << BigInt(BITS[family] - length);
  const first = value - (value % size);
  if (first !== value) {
    const network = `${addressText(family, first)}/${length}`;
    return { ok: false, why: `has host bits set, the network is ${network}` };
  }
  if (family === 'ip6' && isMapped(first) && length >= 96) {
    const inner = `${addressText('ip', first & 0xffff_ffffn)}/${length - 96}`;
    return { ok: false, why: `is IPv4 written as IPv6, which no packet has; meant is ${inner}` };
  }
  const cidr = { family, first, last: first + size - 1n, length };
  return { ok: true, value: { ...cidr, text: `${addressText(family, first)}/${length}` } };
};

/**
 * Whether an address of IPv6 is an IPv4-mapped or IPv4-compatible one (RFC 4291, 2.5.5), `::` and
 * `::1` aside. `nft` lists them in a spelling of their own.
 */
const isMapped = (value: bigint): boolean => {
  const high = value >> 32n;
  return high === 0xffffn || (high === 0n && value > 0xffffn);
};

/**
 * The prefix of one host, of IPv4 also where that is written as IPv6: so sockets of both families
 * name it, and no packet has it. Throws for what is no address: those of the view all are.
 */
export const hostCidr = (address: string): Cidr => hostMemo(address, () => cidrOfHost(address));

const cidrOfHost = (address: string): Cidr => {
  const number = addressNumber(address);
  if (number === null) throw new TypeError(`no address: ${address}`);
  const isInner = number.family === 'ip6' && isMapped(number.value);
  const family = isInner ? 'ip' : number.family;
  const value = isInner ? number.value & 0xffff_ffffn : number.value;
  const length = BITS[family];
  const text = `${addressText(family, value)}/${length}`;
  return { family, first: value, last: value, length, text };
};

/** Sorted, each once, and none that lies within another. */
export const mergeCidrs = (cidrs: readonly Cidr[]): readonly Cidr[] => {
  const sorted = cidrs.toSorted(
    (a, b) =>
      compare(a.family, b.family) || compare(a.first, b.first) || compare(a.length, b.length),
  );
  const merged: Cidr[] = [];
  for (const cidr of sorted) {
    const last = merged.at(-1);
    if (last === undefined || last.family !== cidr.family || cidr.last > last.last) {
      merged.push(cidr);
    }
  }
  return merged;
};

const compare = <Item extends bigint | number | string>(a: Item, b: Item): number =>
  a < b ? -1 : a > b ? 1 : 0;
