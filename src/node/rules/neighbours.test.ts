import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberId, memberIdOf } from '../../crdt/ids.ts';
import { openCrypto } from '../linux/crypto.ts';
import { createPlaces, neighboursOf } from './neighbours.ts';

const places = createPlaces(openCrypto());

/** So many members. */
const crowd = (count: number): readonly MemberId[] =>
  Array.from({ length: count }, (_, index) => {
    const key = new Uint8Array(32);
    new DataView(key.buffer).setUint32(0, index);
    return memberIdOf(key);
  });

/** How many steps it takes from the first member to the last that is reached, and how many are. */
function reached(members: readonly MemberId[], degree: number): { steps: number; count: number } {
  const [first] = members;
  const seen = new Set(first === undefined ? [] : [first]);
  let edge = [...seen];
  let steps = 0;
  for (; edge.length > 0; steps += 1) {
    edge = [...new Set(edge.flatMap((one) => [...neighboursOf(places, one, members, degree)]))];
    edge = edge.filter((one) => !seen.has(one));
    for (const one of edge) seen.add(one);
  }
  return { steps: steps - 1, count: seen.size };
}

test('neighbours: few members are all neighbours, of many each has some', () => {
  // Goal: small meshes stay full, large ones cost each member the same. Method: meshes of 1 to 200.
  for (const count of [1, 2, 3, 9]) {
    const members = crowd(count);
    for (const one of members) {
      const expected = members.filter((other) => other !== one);
      assert.deepEqual([...neighboursOf(places, one, members, 8)], expected);
    }
  }
  for (const [count, degree] of [
    [10, 6],
    [20, 8],
    [200, 12],
  ] as const) {
    const members = crowd(count);
    const sizes = members.map((one) => neighboursOf(places, one, members, degree).size);
    assert.ok(Math.max(...sizes) <= degree, `${sizes}`);
    assert.ok(Math.min(...sizes) >= 3, `${sizes}`);
  }
});

test('neighbours: both of two say that they are, or both that they are not', () => {
  // Goal: invariant 1. Method: every pair of 30, at each degree.
  const members = crowd(30);
  for (const degree of [6, 8, 10, 12]) {
    const of = new Map(
      members.map((one) => [one, neighboursOf(places, one, members, degree)] as const),
    );
    for (const [one, others] of of) {
      assert.ok(!others.has(one));
      for (const other of members) {
        assert.equal(others.has(other), of.get(other)?.has(one) ?? false);
      }
    }
  }
});

test('neighbours: every member is reached in few steps, also when a third is gone', () => {
  // Goal: invariant 2. Method: how far a word spreads among 300, then without every third.
  const members = crowd(300);
  assert.equal(reached(members, 8).count, 300);
  assert.ok(reached(members, 8).steps <= 5);
  const left = members.filter((_, index) => index % 3 !== 0);
  assert.equal(reached(left, 8).count, left.length);
  for (const count of [10, 12, 20]) assert.equal(reached(crowd(count), 6).count, count);
});

test('neighbours: one that comes moves few', () => {
  // Goal: invariant 3. Method: pairs before and after the hundredth comes.
  const members = crowd(100);
  const before = members.slice(0, -1);
  const pairs = (all: readonly MemberId[]) =>
    new Set(all.flatMap((one) => [...neighboursOf(places, one, all, 8)].map((o) => `${one} ${o}`)));
  const [old, now] = [pairs(before), pairs(members)];
  const lost = [...old].filter((pair) => !now.has(pair)).length / 2;
  const won = [...now].filter((pair) => !old.has(pair)).length / 2;
  assert.ok(lost <= 4 && won <= 8, `${lost} lost, ${won} won`);
});
