/**
 * Rule: addresses — prefixes of the overlay, and which address a member gets in them.
 *
 * 1. Every address and prefix that goes into the state has one spelling: dotted decimal without
 *    leading zeros, RFC 5952.
 * 2. Which IPv6 address a member has follows from its key alone; its IPv4 address starts from its
 *    key, so that two members admitted on two sides of a partition rarely get the same one.
 */
import ipaddr from 'ipaddr.js';
import type { Crypto } from '../ports.ts';
import { openMemo } from './memo.ts';
import { hashOf, joinBytes } from './signed.ts';

/** Shortest and longest IPv4 prefix of a mesh: 16 million addresses down to 13 members. */
const LENGTH4_MIN = 8;
const LENGTH4_MAX = 28;

/** Length of the overlay's IPv6 prefix: the rest is the hash of the member's key. */
const LENGTH6 = 64;

/** IPv4 ranges, as ipaddr.js names them, in which no overlay can live. */
const UNFIT_RANGES: ReadonlySet<string> = new Set([
  'unspecified',
  'loopback',
  'multicast',
  'linkLocal',
  'broadcast',
]);

/** What 224.0.0.0 and above begin with: multicast, reserved, broadcast. */
const FIRST_RESERVED_OCTET = 224;

/** Addresses at which no other host can be: unspecified, loopback, link-local, multicast. */
const UNFIT_PREFIXES = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fe80::/10',
  'ff00::/8',
];

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Longest text of an address: IPv6 with IPv4 at its end. Unit: characters. */
const ADDRESS_LENGTH_MAX = 45;
/** The same few addresses are read over and over, and reading one takes microseconds. */
const addressMemo = openMemo<Address | null>(4_096);

/** Outcome of reading a prefix. `text` is its one spelling, as the genesis holds it. */
export type ParsedPrefix =
  | { readonly ok: true; readonly network: string; readonly length: number; readonly text: string }
  | { readonly ok: false; readonly why: string };

const refuse = (why: string): ParsedPrefix => ({ ok: false, why });

/** Whether a text is a numeric IPv4 address in its one spelling. */
export const isAddress4 = (text: string): boolean =>
  // ipaddr.js throws and catches for what it cannot read; IPv6 texts come too often for that.
  !text.includes(':') && ipaddr.IPv4.isValidFourPartDecimal(text);

/** Whether a text is a numeric IPv4 or IPv6 address, without brackets and zone. */
export const isAddress = (text: string): boolean => parseAddress(text) !== null;

/** Reads an overlay's IPv4 prefix: a network address, /8 to /28, and a range that hosts can use. */
export const parsePrefix4 = (text: string): ParsedPrefix => {
  const cidr = parseCidr(text);
  if (cidr === null || cidr[0].kind() !== 'ipv4') {
    return refuse('is no IPv4 prefix, as 10.10.0.0/16');
  }
  const [address, length] = cidr;
  if (length < LENGTH4_MIN || length > LENGTH4_MAX) {
    return refuse(`has a length outside /${LENGTH4_MIN} to /${LENGTH4_MAX}`);
  }
  const network = formatNumber4(networkNumber(address, length));
  if (network !== address.toString()) return refuse(`has host bits set, the network is ${network}`);
  const isReserved = (address.toByteArray()[0] ?? 0) >= FIRST_RESERVED_OCTET;
  if (isReserved || UNFIT_RANGES.has(address.range())) {
    return refuse('lies in a range that hosts do not route');
  }
  return { ok: true, network, length, text: `${network}/${length}` };
};

/** Reads an overlay's IPv6 prefix: a ULA (RFC 4193, fd00::/8) of length 64, in its one spelling. */
export const parsePrefix6 = (text: string): ParsedPrefix => {
  const cidr = parseCidr(text);
  if (cidr === null || cidr[0].kind() !== 'ipv6') {
    return refuse('is no IPv6 prefix, as fd12:3456:789a:1::/64');
  }
  const [address, length] = cidr;
  if (length !== LENGTH6) return refuse(`has the length /${length}, it must be /${LENGTH6}`);
  const octets = address.toByteArray();
  if (octets[0] !== 0xfd) return refuse('is no unique local prefix, it must begin with fd');
  if (octets.slice(LENGTH6 / 8).some((octet) => octet !== 0)) return refuse('has host bits set');
  const network = address.toString();
  if (text !== `${network}/${length}`) return refuse(`must be written ${network}/${length}`);
  return { ok: true, network, length, text };
};

/** How many addresses of an IPv4 prefix hosts can have: all but network and broadcast. */
export const hostCount = (prefix: string): number => 2 ** (32 - cidr4(prefix)[1]) - 2;

/**
 * The IPv4 address at an index of the prefix: 0 is the network, 1 the founder's, `hostCount` the
 * last.
 */
export const addressAt = (prefix: string, index: number): string => {
  const [address, length] = cidr4(prefix);
  if (!Number.isSafeInteger(index) || index < 0 || index >= 2 ** (32 - length)) {
    throw new RangeError(`no index ${index} in ${prefix}`);
  }
  return formatNumber4(networkNumber(address, length) + index);
};

/** The text of an IPv6 address of 16 octets, in its one spelling. */
export const formatAddress6 = (octets: readonly number[]): string =>
  new ipaddr.IPv6([...octets]).toString();

/** Whether an address lies in a prefix. False for another family and for what is no address. */
export const contains = (prefix: string, address: string): boolean => {
  const cidr = parseCidr(prefix);
  const candidate = parseAddress(address);
  if (cidr === null || candidate === null) return false;
  const plain = plainAddress(candidate);
  return plain.kind() === cidr[0].kind() && plain.match(cidr);
};

/** Whether a text is a numeric address at which another host may be reached. */
export const canBeHost = (text: string): boolean =>
  isAddress(text) && !UNFIT_PREFIXES.some((prefix) => contains(prefix, text));

/** Whether two prefixes share an address. Host bits do not matter; false for what is no prefix. */
export const overlaps = (prefixA: string, prefixB: string): boolean => {
  const [a, b] = [parseCidr(prefixA), parseCidr(prefixB)];
  if (a === null || b === null || a[0].kind() !== b[0].kind()) return false;
  return a[0].match(b[0], Math.min(a[1], b[1]));
};

/** A member's IPv6 address: the prefix, then the first 8 bytes of the hash of its key. */
export const ipv6Of = (crypto: Crypto, prefix6: string, memberKey: Uint8Array): string => {
  const cidr = parseCidr(prefix6);
  if (cidr === null) throw new TypeError('not a prefix');
  const suffix = hashOf(crypto, 'ipv6', memberKey).slice(0, 8);
  // The all-zero interface id is the subnet-router anycast address (RFC 4291 §2.6.1).
  if (suffix.every((octet) => octet === 0)) suffix[7] = 1;
  const network = Uint8Array.from(cidr[0].toByteArray().slice(0, 8));
  return formatAddress6([...joinBytes(network, suffix)]);
};

/**
 * A free IPv4 address for a member, or null when the prefix is full. Begins at the hash of the key
 * and probes upward, never at the network, the broadcast or the founder's address. `taken` holds
 * addresses in their one spelling.
 */
export const pickIpv4 = (
  crypto: Crypto,
  prefix: string,
  memberKey: Uint8Array,
  taken: ReadonlySet<string>,
): string | null => {
  const [address, length] = cidr4(prefix);
  const first = networkNumber(address, length) + 2;
  const count = hostCount(prefix) - 1;
  const start = readUint32(hashOf(crypto, 'ipv4', memberKey)) % count;
  for (let step = 0; step < count; step++) {
    const candidate = formatNumber4(first + ((start + step) % count));
    if (!taken.has(candidate)) return candidate;
  }
  return null;
};

/**
 * Reads a numeric address. Only the usual spellings: ipaddr.js alone would take `10.1` and
 * `0x7f.1`.
 */
const parseAddress = (text: string): Address | null =>
  text.length > ADDRESS_LENGTH_MAX ? null : addressMemo(text, () => readAddress(text));

const readAddress = (text: string): Address | null => {
  if (isAddress4(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || text.includes('%')) return null;
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
};

const parseCidr = (text: string): [Address, number] | null =>
  text.length > ADDRESS_LENGTH_MAX + '/128'.length ? null : cidrMemo(text, () => readCidr(text));

const cidrMemo = openMemo<[Address, number] | null>(4_096);

const readCidr = (text: string): [Address, number] | null => {
  const [addressText = '', lengthText = '', ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === null || rest.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return null;
  const length = Number(lengthText);
  return length <= (address.kind() === 'ipv4' ? 32 : 128) ? [address, length] : null;
};

/** Sockets that serve both families report IPv4 as `::ffff:a.b.c.d`. */
const plainAddress = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address()
    : address;

const cidr4 = (prefix: string): [Address, number] => {
  const cidr = parseCidr(prefix);
  if (cidr === null || cidr[0].kind() !== 'ipv4') throw new TypeError(`no IPv4 prefix: ${prefix}`);
  return cidr;
};

const readUint32 = (octets: ArrayLike<number>): number =>
  (octets[0] ?? 0) * 2 ** 24 +
  (octets[1] ?? 0) * 2 ** 16 +
  (octets[2] ?? 0) * 2 ** 8 +
  (octets[3] ?? 0);

const networkNumber = (address: Address, length: number): number => {
  const size = 2 ** (32 - length);
  return Math.floor(readUint32(address.toByteArray()) / size) * size;
};

const formatNumber4 = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
