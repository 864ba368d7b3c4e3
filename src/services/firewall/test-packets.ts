/**
 * Rule: test packets — connections out of chance, and their packets at the hooks of a host.
 */
import fc from 'fast-check';
import type { Zone } from '../selectors/schemas.table.ts';
import { ICMP_ANSWERS, ICMP_NAMES } from './icmp.table.ts';
import type { Flow } from './judge.ts';
import type { Packet } from './test-fields.ts';
import { PORTS, TYPES } from './test-random.ts';

const ADDRESSES = {
  ipv4: ['10.10.0.1', '10.10.0.2', '10.10.0.3', '192.0.2.2', '203.0.113.7', '203.0.113.130'],
  ipv6: ['fd00:1::1', 'fd00:1::2', '2001:db8::2', '2001:db8::99'],
} as const;

/** Any connection. */
export const flow = fc
  .tuple(
    fc.constantFrom('ipv4' as const, 'ipv6' as const),
    fc.constantFrom('tcp' as const, 'udp' as const, 'icmp' as const, 'other' as const),
    fc.nat(),
    fc.nat(),
    fc.nat(),
  )
  .map(([family, protocol, a, b, c]): Flow => {
    const addresses = ADDRESSES[family];
    const values = protocol === 'icmp' ? TYPES : PORTS;
    return {
      protocol: protocol === 'icmp' && family === 'ipv6' ? 'icmpv6' : protocol,
      source: addresses[a % addresses.length] ?? '',
      destination: addresses[b % addresses.length] ?? '',
      value: protocol === 'other' ? 0 : (values[c % values.length] ?? 0),
    };
  });

const INTERFACES = { mesh: 'cnsmo0', wan: 'eth0' } as const;
/** The packet of a flow's opener at a hook, coming from one zone and going to another. */
export const packetOf = (
  { protocol, source, destination, value }: Flow,
  hook: Packet['hook'],
  from: Zone | 'lo',
  to: Zone | 'lo',
): Packet => {
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6';
  return {
    hook,
    iifname: from === 'lo' ? '' : INTERFACES[from],
    oifname: to === 'lo' ? '' : INTERFACES[to],
    nfproto: source.includes(':') ? 'ipv6' : 'ipv4',
    l4proto: protocol === 'icmpv6' ? 'ipv6-icmp' : protocol === 'other' ? 'gre' : protocol,
    saddr: source,
    daddr: destination,
    sport: 50_000,
    dport: isIcmp ? 0 : value,
    icmpType: isIcmp ? (ICMP_NAMES[protocol][value] ?? value) : '',
    tcpFlags: ['syn'],
    state: 'new',
    ctDirection: 'original',
    status: [],
    mark: 0x1234,
    isToUs: to === 'lo',
  };
};

/** The answer to it, as it passes the same host the other way. */
export const answerTo = (
  packet: Packet,
  { protocol, value }: Flow,
  hook: Packet['hook'],
): Packet => {
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6';
  const type = isIcmp ? (ICMP_ANSWERS[protocol][value] ?? value) : 0;
  return {
    ...packet,
    ...{ hook, iifname: packet.oifname, oifname: packet.iifname },
    ...{ saddr: packet.daddr, daddr: packet.saddr, sport: packet.dport, dport: packet.sport },
    icmpType: isIcmp ? (ICMP_NAMES[protocol][type] ?? type) : '',
    ...{ tcpFlags: ['ack'], state: 'established', ctDirection: 'reply' },
  };
};

/** What nft calls an action. */
export const NAMES = { allow: 'accept', deny: 'drop', reject: 'reject' } as const;
