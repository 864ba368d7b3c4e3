/**
 * Rule: lb own table — which table is the balancer's, what in it has a name that others need, and
 * the commands that make it.
 */
import type { Expression, Place, Table } from '../nft/tables.ts';
import { type NftCommand, type Times, transactionOn } from '../nft/transaction.ts';

/** Family and name of the table. It is ours on every host, and we touch no other. */
export const FAMILY = 'inet';
export const NAME = 'cnsmo_lb';

/** The same, as commands name it. */
export const PLACE: Place = { family: FAMILY, table: NAME };

/** The commands that make it, or a part of it. */
export const TABLE = transactionOn(PLACE);
export const { addSet, addChain, addRule, flushChain, remove, addElements, deleteElements } = TABLE;

/**
 * How long the kernel has in mind where a connection was sent that was not answered, or is reset.
 * Unit: s. By itself 120: clients use their ports again sooner, and would be sent to the dead.
 */
const FORGET_S = 2;
const FORGETTING = 'forgetting';

/** The object that says so; to add it again changes nothing. */
const forgettingAt = (place: Place): NftCommand => ({
  add: {
    'ct timeout': {
      ...{ ...place, name: FORGETTING, protocol: 'tcp', l3proto: 'ip' },
      policy: { syn_sent: FORGET_S, close: FORGET_S },
    },
  },
});
const ADD_FORGETTING = forgettingAt(PLACE);

/** Has it be so for the connection that begins. */
export const FORGET: Expression = { 'ct timeout': FORGETTING };

/** What rules of the table name and no set or chain is. */
export const namedIn = (table: Table): readonly NftCommand[] =>
  isForgetting(table) ? [ADD_FORGETTING] : [];

/** The chain in which it is. */
export const LEAVING = 'nat/postrouting';

const isForgetting = ({ chains }: Table): boolean =>
  chains.some(
    ({ name, rules }) => name === LEAVING && rules.some(({ expr }) => expr.includes(FORGET)),
  );

/** Makes the table, whatever is there under its name. */
export const replaceTable = (table: Table, times: Times): readonly NftCommand[] =>
  withNamed(TABLE.replaceTable(table, times), namedIn(table));

/** The same at another place, where there is none. */
export const makeTableAt = (place: Place, table: Table): readonly NftCommand[] =>
  withNamed(
    transactionOn(place).replaceTable(table, new Map()),
    isForgetting(table) ? [forgettingAt(place)] : [],
  );

/** Behind those that make the table, empty. */
const withNamed = (
  commands: readonly NftCommand[],
  named: readonly NftCommand[],
): readonly NftCommand[] => [...commands.slice(0, 3), ...named, ...commands.slice(3)];

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
