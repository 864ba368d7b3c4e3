/**
 * Rule: nft values — what the expressions of a rule come to for one packet.
 */
import ipaddr from 'ipaddr.js';
import { jhash } from './jhash.ts';
import type { Lookup } from './nft-lookup.ts';

type Json = Readonly<Record<string, unknown>>;

/** The first packet of a connection; a rule may change where it goes and whence it comes. */
export interface Packet {
  readonly family: 'ip' | 'ip6';
  saddr: string;
  daddr: string;
  readonly protocol: number;
  readonly sport: number;
  dport: number;
  /** Empty where it is this host's own. */
  readonly iifname: string;
  readonly oifname: string;
  /** This host's address on the interface by which it leaves. */
  readonly ownAddress: string;
  /** All of this host's. */
  readonly locals: ReadonlySet<string>;
  /** It goes elsewhere than it was sent; and to where that was. */
  isRewritten: boolean;
  asked?: string;
  askedPort?: number;
}

/**
 * A number that a rule draws: below `mod`. `mode`: `inc`, `random`, or the hash of who asks;
 * `where`: the expression, as each counts by itself.
 */
export type Draw = (mode: string | number, mod: number, where: object) => number;

/** What a value depends on. */
export interface Given {
  readonly packet: Packet;
  readonly draw: Draw;
  readonly lookup: Lookup;
}

/** The value: a word, a number, several of them, or a verdict; undefined: the packet has none. */
export function valueIn(given: Given, expression: unknown): unknown {
  if (typeof expression !== 'object' || expression === null) return expression;
  const [[name, body] = ['', null]] = Object.entries(expression);
  const read = VALUES[name];
  if (read === undefined) throw new Error(`the simulated kernel knows no ${name}`);
  return read(given, body as Json, body as object);
}

type Read = (given: Given, body: Json, where: object) => unknown;

const VALUES: Readonly<Record<string, Read>> = {
  meta: ({ packet }, { key }) => META[String(key)]?.(packet),
  ct: ({ packet }, { key }) => {
    if (key === 'state') return ['new'];
    if (key === `${packet.family} daddr`) return packet.asked ?? packet.daddr;
    if (key === 'ip daddr' || key === 'ip6 daddr') return undefined;
    if (key === 'proto-dst') return packet.askedPort ?? packet.dport;
    if (key === 'status') return packet.isRewritten ? ['dnat'] : [];
    throw new Error(`the simulated kernel knows no ct ${String(key)}`);
  },
  payload: ({ packet }, { protocol, field }) => {
    if (protocol === 'ip' || protocol === 'ip6') {
      if (packet.family !== protocol) return undefined;
      return field === 'saddr' ? packet.saddr : packet.daddr;
    }
    const wanted = PROTOCOLS[String(protocol)] ?? packet.protocol;
    if (packet.protocol !== wanted) return undefined;
    if (field === 'flags') return ['syn'];
    return field === 'sport' ? packet.sport : packet.dport;
  },
  fib: ({ packet }) => (packet.locals.has(packet.daddr) ? 'local' : 'unicast'),
  '&': (given, body) => {
    const [value, mask] = body as unknown as readonly unknown[];
    const flags = valueIn(given, value) as readonly unknown[] | undefined;
    const among = (mask as Readonly<Record<'|', readonly unknown[]>>)['|'];
    const left = flags?.filter((flag) => among.includes(flag));
    return left?.length === 1 ? left[0] : left;
  },
  concat: (given, body) => {
    const parts = (body as unknown as readonly unknown[]).map((part) => valueIn(given, part));
    return parts.includes(undefined) ? undefined : parts;
  },
  numgen: ({ draw }, { mode, mod, offset }, where) =>
    Number(offset ?? 0) + draw(String(mode), Number(mod), where),
  jhash: (given, { expr, mod, seed, offset }, where) => {
    const value = valueIn(given, expr);
    if (value === undefined) return undefined;
    const hash = jhash(bytesOf(value), Number(seed));
    return Number(offset ?? 0) + given.draw(hash, Number(mod), where);
  },
  map: (given, { key, data }) => {
    const value = valueIn(given, key);
    return value === undefined ? undefined : given.lookup.get(data, value);
  },
  goto: (_, body) => ({ goto: body }),
  jump: (_, body) => ({ jump: body }),
};

const bytesOf = (address: unknown): Uint8Array => {
  if (typeof address !== 'string') throw new TypeError('an address is hashed, and nothing else');
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
};

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

const META: Readonly<Record<string, (packet: Packet) => unknown>> = {
  l4proto: ({ protocol }) => protocol,
  nfproto: ({ family }) => (family === 'ip' ? 'ipv4' : 'ipv6'),
  iifname: ({ iifname }) => iifname,
  oifname: ({ oifname }) => oifname,
};
