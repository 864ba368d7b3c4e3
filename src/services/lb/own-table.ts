/**
 * Rule: lb own table — which table is the balancer's, what in it has a name that others need, and
 * the commands that make it.
 */
import type { Place } from '../nft/tables.ts';
import { transactionOn } from '../nft/transaction.ts';

/** Family and name of the table. It is ours on every host, and we touch no other. */
export const FAMILY = 'inet';
export const NAME = 'cnsmo_lb';

/** The same, as commands name it. */
export const PLACE: Place = { family: FAMILY, table: NAME };

/** The commands that make it, or a part of it. */
export const TABLE = transactionOn(PLACE);
export const {
  replaceTable,
  addSet,
  addChain,
  addRule,
  flushChain,
  remove,
  addElements,
  deleteElements,
} = TABLE;

/** Families, as a packet has them, and what differs between them. */
export const FAMILIES = [
  { ip: 'ip', address: 'ipv4', nfproto: 'ipv4', type: 'ipv4_addr', digit: '4' },
  { ip: 'ip6', address: 'ipv6', nfproto: 'ipv6', type: 'ipv6_addr', digit: '6' },
] as const;
export type Family = (typeof FAMILIES)[number];

/** The chain that chooses among a balancer's backends. */
export const balancerChain = (name: string): string => `b/${name}`;
/** The chain that leads to one of them. */
export const backendChain = (name: string, member: string): string => `e/${name}/${member}`;
/** Zones of the kernel's memory in which udp is balanced anew. Others' are small numbers. */
export const MOVED_ZONES = [31_501, 31_502, 31_503] as const;
/** The set of the clients whose udp is looked up in such a zone. */
export const movedSet = ({ digit }: Family, zone: number): string => `moved${digit}/${zone}`;
/** The map that says with which of a balancer's backends a client stays. */
export const affinityMap = ({ digit }: Family, name: string): string => `affinity${digit}/${name}`;
