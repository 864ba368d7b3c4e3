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
  const said = shadows(readNeighbours(result), 'cnsmo0');
  assert.deepEqual(
    said.map((line) => line.split(': drops')[0]),
    ['ufw: ip filter INPUT', 'docker: ip6 filter FORWARD', 'another program: inet mine guard'],
  );
  assert.match(said[0] ?? '', /ufw allow in on cnsmo0/);
  assert.match(said[1] ?? '', /DOCKER-USER -i cnsmo0 -j ACCEPT/);
  const programs = readNeighbours(result).map(({ program }) => program);
  assert.deepEqual(programs, ['ufw', 'docker', 'firewalld', null]);
});

test('a listing that cannot be read names nobody', () => {
  // Goal: never a guess. Method: no result, a failure, no JSON.
  for (const result of [undefined, { ...listed(), status: 1 }, { ...listed(), stdout: 'x' }]) {
    assert.deepEqual(readNeighbours(result), []);
  }
});
