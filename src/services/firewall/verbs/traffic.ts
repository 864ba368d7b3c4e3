/**
 * Rule: firewall traffic — what a person writes for protocol and ports, as `tcp/80,443`,
 * `udp/6000-6010`, `icmp/echo-request` or `any`, to the fields of a record and back.
 */

import { inOrder } from '../../port-ranges.ts';
import { oneOf, refuse } from '../../refuse.ts';
import { LIST_MAX, type PortRange } from '../../schema-parts.ts';
import { readPorts } from '../../typed-words.ts';
import type { Protocol, RuleRecord } from '../schemas.table.ts';

/** Protocol, and its ports or types; absent: all of them. */
export interface Traffic {
  readonly protocol: Protocol;
  readonly ports?: PortRange[];
  readonly types?: number[];
}

const PROTOCOLS: readonly Protocol[] = ['any', 'tcp', 'udp', 'icmp', 'icmpv6'];
const WORD = /^([a-z0-9]{1,10})(?:\/([A-Za-z0-9,:-]+))?$/;
const FORM = 'write it as tcp/443, tcp/80,8000-8090, udp/53, icmp/echo-request or any';

/** ICMP types by IANA's names. What has no name here is none that a firewall is asked for. */
const TYPES: Readonly<Record<'icmp' | 'icmpv6', Readonly<Record<string, number>>>> = {
  icmp: {
    'echo-reply': 0,
    'destination-unreachable': 3,
    redirect: 5,
    'echo-request': 8,
    'router-advertisement': 9,
    'router-solicitation': 10,
    'time-exceeded': 11,
    'parameter-problem': 12,
    'timestamp-request': 13,
    'timestamp-reply': 14,
  },
  icmpv6: {
    'destination-unreachable': 1,
    'packet-too-big': 2,
    'time-exceeded': 3,
    'parameter-problem': 4,
    'echo-request': 128,
    'echo-reply': 129,
    'mld-query': 130,
    'mld-report': 131,
    'mld-done': 132,
    'router-solicitation': 133,
    'router-advertisement': 134,
    'neighbor-solicitation': 135,
    'neighbor-advertisement': 136,
    redirect: 137,
  },
};

/** Reads what was typed. Fault 'refused' names `field` and the part that does not fit. */
export function readTraffic(field: string, text: string): Traffic {
  const [, word = '', list] = WORD.exec(text) ?? [];
  if (word === '') throw refuse(field, text, 'is no protocol with ports', FORM);
  const protocol = oneOf(field, word, PROTOCOLS);
  if (list === undefined) return { protocol };
  const parts = list.split(',');
  if (parts.length > LIST_MAX) {
    throw refuse(field, text, `names more than ${LIST_MAX}`, 'use ranges, or several rules');
  }
  if (protocol === 'any') {
    throw refuse(field, text, 'any protocol has no ports', 'name tcp or udp');
  }
  if (protocol === 'tcp' || protocol === 'udp') {
    return { protocol, ports: inOrder(parts.map((part) => readPorts(field, part))) };
  }
  const types = parts.map((part) => readType(field, protocol, part));
  return { protocol, types: [...new Set(types)].toSorted((a, b) => a - b) };
}

function readType(field: string, protocol: 'icmp' | 'icmpv6', text: string): number {
  const types = TYPES[protocol];
  const named = Object.hasOwn(types, text) ? types[text] : undefined;
  const type = named ?? (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN);
  if (Object.values(types).includes(type)) return type;
  const known = Object.keys(types).join(', ');
  throw refuse(
    field,
    `${protocol}/${text}`,
    `${protocol} has no ports, and no such type`,
    `choose of ${known}`,
  );
}

/** As it is typed. */
export const trafficText = ({ protocol, ports, types }: Partial<Traffic>): string => {
  const names = types?.map((type) => typeText(protocol, type));
  const ranges = ports?.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const list = names ?? ranges;
  return list === undefined ? (protocol ?? 'any') : `${protocol}/${list.join(',')}`;
};

/** How many new connections a rule lets through, as `--rate` takes it; null for any number. */
export const rateText = ({ rate }: Pick<RuleRecord, 'rate'>): string | null =>
  rate === undefined ? null : `${rate.count}/${rate.per}:${rate.burst}`;

const typeText = (protocol: Protocol | undefined, type: number): string => {
  const types = protocol === 'icmpv6' ? TYPES.icmpv6 : TYPES.icmp;
  return Object.entries(types).find(([, number]) => number === type)?.[0] ?? String(type);
};
