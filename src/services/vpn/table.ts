/**
 * Rule: vpn table — the nftables table that makes forwarded TCP flows fit into the tunnel.
 *
 * Hosts behind a member do not know that the way through the tunnel is narrower than their own
 * link, and firewalls on the way like to drop what would tell them. So the opening packets of their
 * flows are made to say it: both ways, the smaller of the MTU of the way there and of the way back.
 * 1. One table of ours, made whole in one transaction; no other is touched.
 * 2. It accepts everything: it can lock nobody out.
 */
import { openMemo } from '../../crdt/memo.ts';
import type { Command } from '../service.ts';
import { TABLE_UNDO } from './state.ts';

/** Family and name, as nft writes them. The name is ours on every host. */
export const TABLE = ['inet', 'cnsmo_vpn'] as const;

const [FAMILY, NAME] = TABLE;
const CHAIN = 'forward';
/** Where others change packets: nft(8), "mangle". */
const PRIORITY = -150;

/** Reads the table. */
export const TABLE_SHOW: readonly string[] = ['nft', '-j', 'list', 'table', ...TABLE];

/** Tells of changes to rules, of which the end of a table is one. */
export const TABLE_MONITOR: readonly string[] = ['nft', 'monitor', 'rules'];

/** The commands of nft's JSON that make it. Added before it is deleted: it may not be there. */
const transaction = (ownInterface: string): readonly object[] => {
  const table = { table: { family: FAMILY, name: NAME } };
  return [
    { add: table },
    { delete: table },
    ...objects(ownInterface).map((object) => ({ add: object })),
  ];
};

const objects = (ownInterface: string): readonly object[] => [
  { table: { family: FAMILY, name: NAME } },
  {
    chain: {
      ...{ family: FAMILY, table: NAME, name: CHAIN, type: 'filter', hook: 'forward' },
      ...{ prio: PRIORITY, policy: 'accept' },
    },
  },
  rule('oifname', ownInterface),
  rule('iifname', ownInterface),
];

const rule = (direction: 'iifname' | 'oifname', ownInterface: string): object => {
  const flags = { payload: { protocol: 'tcp', field: 'flags' } };
  const expr = [
    { match: { op: '==', left: { meta: { key: direction } }, right: ownInterface } },
    { match: { op: '==', left: { '&': [flags, ['syn', 'rst']] }, right: 'syn' } },
    {
      mangle: {
        key: { 'tcp option': { name: 'maxseg', field: 'size' } },
        value: { rt: { key: 'mtu' } },
      },
    },
  ];
  return { rule: { family: FAMILY, table: NAME, chain: CHAIN, expr } };
};

/** Makes the table, whatever is there under its name. */
export const makeTable = (ownInterface: string, found: readonly string[]): Command => ({
  kind: 'run',
  argv: ['nft', '-j', '-f', '-'],
  stdin: { text: JSON.stringify({ nftables: transaction(ownInterface) }) },
  found,
  undo: { [TABLE_UNDO]: { kind: 'run', argv: ['nft', 'delete', 'table', ...TABLE] } },
});

/** What the table should consist of, reduced. */
export const tableWords = (ownInterface: string): string =>
  wordsMemo(ownInterface, () => reduce(objects(ownInterface)));

/** A host has one interface of ours. */
const wordsMemo = openMemo<string>(8);

/** Keys whose values differ from host to host and say nothing. */
const UNTOLD: ReadonlySet<string> = new Set(['metainfo', 'handle']);

/**
 * The objects as `nft -j list` prints them, reduced to their words in order: handles go, and so
 * does nesting, in which the versions of nft differ.
 */
export const reduce = (listed: readonly object[]): string =>
  listed
    .map((object) => wordsIn(object).toSorted().join(' '))
    .filter((words) => words !== '')
    .join('\n');

const wordsIn = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === '|') return wordsIn(inner);
    return UNTOLD.has(key) ? [] : [key, ...wordsIn(inner)];
  });
};
