import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandProbe, Results } from '../service.ts';
import {
  EXAMPLE_PRINTED,
  EXAMPLE_PRINTED_NOTHING,
  exampleFacts,
  exampleMember,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { probes } from './probes.ts';

const view = exampleView([exampleMember(1), exampleMember(2), exampleMember(4, { hasLeft: true })]);
const words = (found: readonly CommandProbe[]): readonly string[] =>
  found.map(({ name, argv, stdin }) => `${name}: ${argv.join(' ')} < ${stdin ?? ''}`);
const probesAfter = (results: Results, self = exampleSelf()) => words(probes(self, view, results));

const FIRST = [
  'host: ip -force -j -d -batch - < address show\n' +
    'route show table all root 10.10.0.0/16\nroute show table all root fd00:1::/64\n',
  'wg: wg show cnsmo0 dump < ',
  'table: nft -j list table inet cnsmo_vpn < ',
];

test('the host is read in few processes, and only what concerns the mesh', () => {
  // Goal: a pass costs little on any host. Method: the commands whole, with and without nft.
  assert.deepEqual(probesAfter({}), FIRST);
  const facts = { ...exampleFacts, tools: { ip: true, wg: true } };
  assert.deepEqual(probesAfter({}, exampleSelf({ facts })), FIRST.slice(0, 2));
});

test('the ways to endpoints and members are asked for once wg has told of its peers', () => {
  // Goal: one process for all ways. Method: what wg printed; its twin without an interface.
  assert.deepEqual(probesAfter({ wg: EXAMPLE_PRINTED.wg }), [
    ...FIRST,
    'paths: ip -force -j -d -batch - < ' +
      'route get 192.0.2.2\nroute get 10.10.0.2\nroute get fd00:1::2\n',
  ]);
  assert.deepEqual(probesAfter(EXAMPLE_PRINTED_NOTHING), FIRST);
});
