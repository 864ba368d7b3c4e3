/**
 * Rule: lb compile refuse — what is still for a virtual address, or begins towards a backend that
 * is down, is refused, never left to hang.
 */
import {
  ACCEPT,
  concat,
  ct,
  type Expression,
  goto,
  has,
  is,
  meta,
  type NftChain,
  type NftRule,
  PROTOCOL_NUMBERS,
  payload,
} from '../nft/tables.ts';
import { rule } from './compile-balancer.ts';
import { FAMILIES, type Family } from './own-table.ts';

/** Where a packet is refused by an error that its sender understands. */
const REFUSE = [
  rule(is(meta('l4proto'), PROTOCOL_NUMBERS.tcp), { reject: { type: 'tcp reset' } }),
  rule({ reject: { type: 'icmpx', expr: 'port-unreachable' } }),
];

/** What runs is left to its end, and asked nothing: it is nearly all that passes. */
const RUNNING = rule(
  has(ct('state'), 'established'),
  is(meta('l4proto'), PROTOCOL_NUMBERS.tcp),
  ACCEPT,
);

/** The chains. `down`: the names of the sets of what is down, without their family. */
export const refuseChains = (down: readonly string[]): readonly NftChain[] => [
  { name: 'refuse', hook: null, rules: REFUSE },
  ...(['output', 'forward'] as const).map((hook) => refuseChain(hook, down)),
];

const refuseChain = (hook: 'output' | 'forward', down: readonly string[]): NftChain => ({
  name: `refuse/${hook}`,
  hook: { hook, prio: -10 },
  rules: [
    RUNNING,
    ...FAMILIES.map(({ ip, digit }) =>
      rule(is(payload(ip, 'daddr'), `@virtual${digit}`), goto('refuse')),
    ),
    ...FAMILIES.flatMap((family) => down.flatMap((set) => downRules(family, set))),
  ],
});

const FLAGS: Expression = { '|': ['fin', 'syn', 'rst', 'ack'] };

/**
 * What the kernel remembers to be for a backend that is down: connections that begin there would
 * try it again and again.
 */
const downRules = ({ ip, digit }: Family, set: string): readonly NftRule[] => {
  const isDown = is(
    concat(payload(ip, 'daddr'), meta('l4proto'), payload('th', 'dport')),
    `@${set}${digit}`,
  );
  return [
    is({ '&': [payload('tcp', 'flags'), FLAGS] }, 'syn'),
    is(meta('l4proto'), PROTOCOL_NUMBERS.udp),
  ].map((begins) => rule(has(ct('status'), 'dnat'), isDown, begins, goto('refuse')));
};
