import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInPieces, readTable } from './read-table.ts';

const rule = (handle: number, packets: number) => ({
  rule: {
    ...{ family: 'inet', table: 't', chain: 'c', handle, comment: `rule ${handle}` },
    expr: [{ counter: { packets, bytes: 8 * packets } }, { accept: null }],
  },
});
const set = (...elem: readonly unknown[]) => ({
  set: { family: 'inet', name: 's', table: 't', type: 'ipv4_addr', handle: 1, elem },
});
const chain = { chain: { family: 'inet', table: 't', name: 'c', handle: 2 } };
const read = (...objects: readonly unknown[]) =>
  readTable({ status: 0, stdout: JSON.stringify({ nftables: objects }), stderr: '' });

test('of a listing only what is new is read, whatever its length', () => {
  // Goal: what is remembered is what would be read. Method: two rules, of which one counts on,
  // and a set that grows, in a short table and in one with many rules more.
  for (const many of [0, 500]) {
    const others = Array.from({ length: many }, (_, n) => rule(100 + n, 0));
    const before = read(chain, rule(3, 0), rule(4, 0), set('192.0.2.1'), ...others);
    const after = read(chain, rule(3, 0), rule(4, 5), set('192.0.2.1', '192.0.2.2'), ...others);
    assert.ok(before !== null && after !== null);
    const [first, second] = after.chains.get('c')?.rules ?? [];
    assert.equal(after.chains.get('c')?.rules.length, 2 + many);
    assert.deepEqual(first, before.chains.get('c')?.rules[0]);
    assert.equal(first === before.chains.get('c')?.rules[0], many === 0);
    assert.deepEqual([second?.packets, second?.bytes], [5, 40]);
    assert.equal(before.chains.get('c')?.rules[1]?.packets, 0);
    const sizes = [before, after].map(({ sets }) => sets.get('s')?.elements.size);
    assert.deepEqual(sizes, [1, 2]);
  }
});

test('an object that is none makes a listing unreadable, also beside known ones', () => {
  // Goal: never a guess. Method: objects that are known, and one between them that is no JSON, no
  // object, or torn.
  assert.notEqual(read(chain, rule(3, 0)), null);
  const [known, other] = [JSON.stringify(chain), JSON.stringify(rule(3, 0))];
  for (const bad of ['x', 'null', '{"rule":}', '{"rule":{}', '']) {
    const stdout = `{"nftables":[${known},${bad},${other}]}`;
    assert.equal(readTable({ status: 0, stdout, stderr: '' }), null, bad);
  }
});

test('an object is counted once for pauses, whether or not it is remembered', () => {
  // Goal: one cost for one object. Method: pauses where each is due, with three rules that are
  // short and with three that are too long to be remembered; with one more there are more.
  const pausesOf = (long: number, rules: number): number => {
    const comment = 'c'.repeat(long);
    const each = Array.from({ length: rules }, (_, n) => ({
      rule: { ...rule(n, 9).rule, comment },
    }));
    const stdout = JSON.stringify({ nftables: [chain, ...each] });
    return [...readInPieces({ status: 0, stdout, stderr: '' }, { isDue: () => true })].length;
  };
  assert.equal(pausesOf(4_000, 3), pausesOf(40, 3));
  assert.ok(pausesOf(4_000, 4) > pausesOf(40, 3));
});
