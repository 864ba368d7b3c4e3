/**
 * Rule: test fields — what a packet has under the keys of nft's JSON. An unknown key throws.
 */
import { protocolNumber } from '../nft/forms.ts';

type Json = Readonly<Record<string, unknown>>;

/** A packet at a hook, with what conntrack says of it. */
export interface Packet {
  readonly hook: string;
  readonly iifname: string;
  readonly oifname: string;
  readonly nfproto: 'ipv4' | 'ipv6';
  readonly l4proto: string;
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number;
  readonly dport: number;
  readonly icmpType: string | number;
  readonly tcpFlags: readonly string[];
  readonly state: string;
  readonly ctDirection: 'original' | 'reply';
  readonly status: readonly string[];
  readonly mark: number;
  readonly isToUs: boolean;
}

/** A packet, and the mark of its connection by now. */
interface State {
  readonly packet: Packet;
  readonly mark: number;
}

/** The name of a key, as `ip saddr`. */
export const keyName = (key: unknown): string => {
  const [[word, inner] = ['', {}]] = Object.entries(key as Readonly<Record<string, Json>>);
  return word === 'payload'
    ? `${String(inner.protocol)} ${String(inner.field)}`
    : `${word} ${String(inner.key ?? inner.result)}`;
};

/** Some bits of a number, or some of TCP's flags. */
const maskedField = (state: State, key: Json, mask: unknown): unknown => {
  if (typeof mask === 'number') {
    const value = fieldOf(state, key);
    return typeof value === 'number' ? (value & mask) >>> 0 : value;
  }
  if (state.packet.l4proto !== 'tcp') return undefined;
  return state.packet.tcpFlags.filter((flag) => flagsIn(mask).includes(flag));
};

const flagsIn = (mask: unknown): readonly unknown[] => {
  const { '|': either } = Object(mask) as { readonly '|'?: readonly unknown[] };
  return either === undefined ? [mask] : either.flatMap(flagsIn);
};

/** What a packet has under a key; undefined: it has none such, and the rule ends. */
export const fieldOf = (state: State, key: Json): unknown => {
  const masked = key['&'] as readonly [Json, unknown] | undefined;
  if (masked !== undefined) return maskedField(state, ...masked);
  const [joined, bits] = (key['|'] ?? []) as readonly (Json | number)[];
  if (joined !== undefined) return (Number(fieldOf(state, joined as Json)) | Number(bits)) >>> 0;
  const { packet, mark } = state;
  const name = keyName(key);
  const isTracked = packet.state !== 'untracked' && packet.state !== 'invalid';
  const [family, field] = name.split(' ');
  switch (name) {
    case 'meta l4proto':
      return protocolNumber(packet.l4proto);
    case 'meta nfproto':
    case 'meta iifname':
    case 'meta oifname':
      return packet[field as 'nfproto'];
    case 'ct state':
      return packet.state;
    case 'ct mark':
      return isTracked ? mark : undefined;
    case 'ct direction':
      return isTracked ? packet.ctDirection : undefined;
    case 'ct status':
      return isTracked ? packet.status : undefined;
    case 'fib type':
      return packet.isToUs ? 'local' : 'unicast';
    case 'ip saddr':
    case 'ip daddr':
      return packet.nfproto === 'ipv4' ? packet[field as 'saddr'] : undefined;
    case 'ip6 saddr':
    case 'ip6 daddr':
      return packet.nfproto === 'ipv6' ? packet[field as 'saddr'] : undefined;
    case 'icmp type':
      return packet.l4proto === 'icmp' ? packet.icmpType : undefined;
    case 'icmpv6 type':
      return packet.l4proto === 'ipv6-icmp' ? packet.icmpType : undefined;
    case 'th sport':
    case 'th dport':
      return packet[field as 'sport'];
    case 'tcp sport':
    case 'tcp dport':
    case 'udp sport':
    case 'udp dport':
      return packet.l4proto === family ? packet[field as 'sport'] : undefined;
    default:
      throw new Error(`unknown key ${name}`);
  }
};
