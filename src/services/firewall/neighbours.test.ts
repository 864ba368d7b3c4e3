import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNeighbours, shadows } from './neighbours.ts';

const chain = (family: string, table: string, name: string, more: object = {}) => ({
  chain: { family, table, name, handle: 1, ...more },
});
const hooked = (hook: string, policy: string) => ({ type: 'filter', hook, prio: 0, policy });
const listed = (...objects: readonly object[]) => ({
  status: 0,
  stdout: JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] }),
  stderr: '',
});

test('foreign chains that drop are named with what to say to their program', () => {
  // Goal: what we let through and others drop is told. Method: the chains that ufw, firewalld and
  // docker make, and one of nobody; twins: ours, and chains that accept.
  const result = listed(
    chain('inet', 'cnsmo', 'input', hooked('input', 'accept')),
    chain('ip', 'filter', 'INPUT', hooked('input', 'drop')),
    chain('ip', 'filter', 'ufw-before-input'),
    chain('ip', 'nat', 'DOCKER'),
    chain('ip6', 'filter', 'FORWARD', hooked('forward', 'drop')),
    chain('ip6', 'filter', 'DOCKER-USER'),
    chain('inet', 'firewalld', 'filter_INPUT', hooked('input', 'accept')),
    chain('inet', 'mine', 'guard', hooked('input', 'drop')),
  );
  const said = shadows(readNeighbours({ chains: result }, 'cnsmo0'), 'cnsmo0');
  assert.deepEqual(
    said.map((line) => line.split(': drops')[0]),
    ['ufw: ip filter INPUT', 'docker: ip6 filter FORWARD', 'another program: inet mine guard'],
  );
  assert.match(said[0] ?? '', /ufw allow in on cnsmo0/);
  assert.match(said[1] ?? '', /DOCKER-USER -i cnsmo0 -j ACCEPT/);
  const programs = readNeighbours({ chains: result }, 'cnsmo0').map(({ program }) => program);
  assert.deepEqual(programs, ['ufw', 'docker', 'firewalld', null]);
});

const rule = (chainName: string, ...expr: readonly object[]) => ({
  rule: { family: 'inet', table: 'firewalld', chain: chainName, handle: 1, expr },
});
const from = (name: unknown) => ({
  match: { op: '==', left: { meta: { key: 'iifname' } }, right: name },
});
const reject = { reject: { type: 'icmpx', expr: 'admin-prohibited' } };

test('who refuses by a last rule is named, until it accepts what comes in on our interface', () => {
  // Goal: firewalld, whose chains accept by policy, and a remedy that ends the note. Method: its
  // chains with the interface in a zone that refuses, in one that accepts; then other rules.
  const base = [
    chain('inet', 'firewalld', 'filter_INPUT', hooked('input', 'accept')),
    ...['zones', 'IN_public', 'IN_trusted'].map((name) => chain('inet', 'firewalld', name)),
  ];
  const saidOf = (...rules: readonly object[]): readonly string[] => {
    const results = { chains: listed(...base), 'table inet firewalld': listed(...base, ...rules) };
    return shadows(readNeighbours(results, 'cnsmo0'), 'cnsmo0');
  };
  const input = (...zones: readonly object[]) => [
    rule(
      'filter_INPUT',
      { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'established' } },
      { accept: null },
    ),
    rule('filter_INPUT', { jump: { target: 'zones' } }),
    rule('filter_INPUT', { counter: { packets: 0, bytes: 0 } }, reject),
    ...zones,
    rule('IN_public', { jump: { target: 'services' } }),
    rule('IN_trusted', { accept: null }),
  ];
  const zone = (name: unknown, target: string) => rule('zones', from(name), { goto: { target } });
  assert.match(saidOf(...input())[0] ?? '', /^firewalld: inet firewalld filter_INPUT: drops/);
  assert.equal(saidOf(...input(zone('cnsmo0', 'IN_public'))).length, 1);
  assert.equal(saidOf(...input(zone('eth0', 'IN_trusted'))).length, 1);
  assert.deepEqual(saidOf(...input(zone('cnsmo0', 'IN_trusted'))), []);
  assert.deepEqual(saidOf(...input(zone('cnsmo*', 'IN_trusted'))), []);
  assert.deepEqual(saidOf(...input(zone({ set: ['cnsmo0', 'eth1'] }, 'IN_trusted'))), []);
  assert.deepEqual(saidOf(rule('filter_INPUT', from('eth0'), reject)), [], 'not of all');
  assert.deepEqual(saidOf(rule('elsewhere', reject)), [], 'nothing leads there');
  const port = {
    match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 22 },
  };
  const one = rule('filter_INPUT', from('cnsmo0'), port, { accept: null });
  assert.equal(saidOf(one, rule('filter_INPUT', reject)).length, 1, 'one port is not all');
});

test('a listing that cannot be read names nobody', () => {
  // Goal: never a guess. Method: no result, a failure, no JSON.
  for (const result of [undefined, { ...listed(), status: 1 }, { ...listed(), stdout: 'x' }]) {
    assert.deepEqual(readNeighbours(result === undefined ? {} : { chains: result }, 'cnsmo0'), []);
  }
});
