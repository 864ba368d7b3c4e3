/**
 * Rule: rules — the tables that are compared, as nft's JSON: ours for a number of rules, and the
 * same number as the plain list that one writes by hand.
 */
import type { Value } from '../../src/crdt/entry.ts';
import { tableOf } from '../../src/services/firewall/diff.ts';
import { lanesOf } from '../../src/services/firewall/lane.ts';
import { addElements, replaceTable } from '../../src/services/firewall/own-table.ts';
import { ruleOf, siteOf, viewOf } from '../../src/services/firewall/test-policy.ts';
import { textOf } from '../../src/services/nft/transaction.ts';
import { memberOf } from '../../src/services/test-view.ts';

/** Exact rule number `n`: one address, one port. */
const exactRule = (n: number): Value =>
  ruleOf({
    ...{
      zone: 'wan',
      action: 'deny',
      protocol: 'tcp',
      ports: [[1_000 + (n % 50), 1_000 + (n % 50)]],
    },
    from: [{ kind: 'cidr', cidr: addressOf(n) }],
  });

const addressOf = (n: number): string => `10.${Math.floor(n / 256) % 256}.${n % 256}.1/32`;

/** Overlapping rule number `n`: a range of ports, a prefix, a priority of its own. */
const overlappingRule = (n: number): Value =>
  ruleOf({
    ...{ zone: 'wan', action: n % 2 === 0 ? 'deny' : 'allow', priority: n, protocol: 'tcp' },
    ports: [[2_000 + n, 9_000 + n]],
    from: [{ kind: 'cidr', cidr: `172.${16 + (n % 16)}.0.0/16` }],
  });

const tableWith = (exact: number, overlapping: number) => {
  const objects = Object.fromEntries([
    ...Array.from({ length: exact }, (_, n) => [`rule/e${n}`, exactRule(n)]),
    ...Array.from({ length: overlapping }, (_, n) => [`rule/o${n}`, overlappingRule(n)]),
  ]) as Record<string, Value>;
  const lanes = lanesOf(siteOf(viewOf([memberOf(1)], objects)));
  return tableOf(
    { interface: 'cnsmo0', now: lanes, trial: null, tried: [], seed: 0, withheld: new Map() },
    { now: 1, trial: 2 },
  );
};

/** Our table with so many exact rules and so many overlapping ones. */
export const ourTable = (exact: number, overlapping: number): string =>
  textOf(replaceTable(tableWith(exact, overlapping), new Map()));

/** One more exact rule, in a table that is there. */
export const oneMore = (n: number): string => {
  const element = {
    key: { concat: [addressOf(n).split('/')[0], 'tcp', 999] },
    verdict: { drop: null },
    rule: null,
  };
  return textOf(addElements({ name: 'now/wan-in/ip' }, [element], new Map()));
};

/** So many rules one after the other, as a list written by hand. */
export const listByHand = (count: number): string => {
  const place = { family: 'inet', table: 'cnsmo' };
  const table = { table: { family: 'inet', name: 'cnsmo' } };
  const match = (field: string, protocol: string, right: unknown) => ({
    match: { op: '==', left: { payload: { protocol, field } }, right },
  });
  const rules = Array.from({ length: count }, (_, n) => ({
    add: {
      rule: {
        ...{ ...place, chain: 'input' },
        expr: [
          match('saddr', 'ip', addressOf(n).split('/')[0]),
          match('dport', 'tcp', 1_000 + (n % 50)),
          { drop: null },
        ],
      },
    },
  }));
  const hook = { type: 'filter', hook: 'input', prio: 0, policy: 'accept' };
  const established = {
    match: { op: 'in', left: { ct: { key: 'state' } }, right: ['established', 'related'] },
  };
  return JSON.stringify({
    nftables: [
      ...[{ add: table }, { delete: table }, { add: table }],
      { add: { chain: { ...place, name: 'input', ...hook } } },
      { add: { rule: { ...place, chain: 'input', expr: [established, { accept: null }] } } },
      ...rules,
    ],
  });
};
