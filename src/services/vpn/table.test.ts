import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTable, reduce, tableWords } from './table.ts';

/** What `nft -j list table inet cnsmo_vpn` of 1.0.6 printed after the transaction was loaded. */
const LISTED = `[{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5",
"json_schema_version": 1}}, {"table": {"family": "inet", "name": "cnsmo_vpn", "handle": 2}},
{"chain": {"family": "inet", "table": "cnsmo_vpn", "name": "forward", "handle": 1,
"type": "filter", "hook": "forward", "prio": -150, "policy": "accept"}},
{"rule": {"family": "inet", "table": "cnsmo_vpn", "chain": "forward", "handle": 2, "expr":
[{"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "cnsmo0"}},
{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}},
["syn", "rst"]]}, "right": "syn"}}, {"mangle": {"key": {"tcp option": {"name": "maxseg",
"field": "size"}}, "value": {"rt": {"key": "mtu"}}}}]}},
{"rule": {"family": "inet", "table": "cnsmo_vpn", "chain": "forward", "handle": 3, "expr":
[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "cnsmo0"}},
{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}},
["syn", "rst"]]}, "right": "syn"}}, {"mangle": {"key": {"tcp option": {"name": "maxseg",
"field": "size"}}, "value": {"rt": {"key": "mtu"}}}}]}}]`;

const wordsOf = (text: string): string => reduce(JSON.parse(text) as object[]);

test('the table as nft lists it is the table as it was made', () => {
  // Goal: in step after applying. Method: what nft printed, and as newer versions nest the flags.
  assert.equal(wordsOf(LISTED), tableWords('cnsmo0'));
  const newer = LISTED.replaceAll('["syn", "rst"]', '{"|": ["syn", "rst"]}');
  assert.notEqual(newer, LISTED);
  assert.equal(wordsOf(newer), tableWords('cnsmo0'));
});

test('each edit of the table shows', () => {
  // Goal: no edit stays. Method: edits of the list, by table.
  for (const [from, to] of [
    ['"accept"', '"drop"'],
    ['-150', '0'],
    ['oifname', 'iifname'],
    ['cnsmo0', 'cnsmo1'],
    ['"rt": {"key": "mtu"}', '"rt": {"key": "classid"}'],
    ['"right": "syn"', '"right": "rst"'],
    ['{"rule"', '{"rule": {"family": "inet", "expr": [{"drop": null}]}}, {"rule"'],
  ] as const) {
    assert.ok(LISTED.includes(from));
    assert.notEqual(wordsOf(LISTED.replace(from, to)), tableWords('cnsmo0'), to);
  }
});

test('one transaction makes the whole table, whatever was there', () => {
  // Goal: no moment without it, and no other table touched. Method: the commands in order.
  const { argv, stdin, found } = makeTable('cnsmo0', ['it was missing']) as {
    readonly argv: readonly string[];
    readonly stdin: { readonly text: string };
    readonly found: readonly string[];
  };
  assert.deepEqual([argv, found], [['nft', '-j', '-f', '-'], ['it was missing']]);
  const { nftables } = JSON.parse(stdin.text) as { nftables: Record<string, object>[] };
  const steps = nftables.map((step) =>
    Object.entries(step).map(([verb, object]) => `${verb} ${Object.keys(object).join()}`),
  );
  assert.deepEqual(steps.flat(), [
    ...['add table', 'delete table', 'add table', 'add chain', 'add rule', 'add rule'],
  ]);
  const tables = stdin.text.match(/"(?:table|name)":"[a-z_]+"/g);
  assert.deepEqual(
    new Set(tables),
    new Set(['"name":"cnsmo_vpn"', '"table":"cnsmo_vpn"', '"name":"forward"', '"name":"maxseg"']),
  );
});
