import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Head } from '../crdt/chain.ts';
import { openTeller } from './view-ahead.ts';

/** A store of so many authors, of which a view takes three pieces. */
const groundOf = (authors: number, bytes = 0) => {
  const made: string[] = [];
  const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined };
  const store = {
    weight: () => ({ frames: 1, bytes }),
    heads: () => Array.from({ length: authors }, () => ({}) as Head),
    digestInPieces: function* () {
      made.push('begun');
      yield;
      yield;
      made.push('made');
    },
  };
  return { clock, store, made };
};

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test('of a large mesh nobody is told of news before there is a view of it', async () => {
  // Goal: no loop makes the view in one turn, and none misses news. Method: news while nothing is
  // under way, while a view is made, and later again; what is done and told, in its order.
  const ground = groundOf(100);
  const note = openTeller(ground, () => void ground.made.push('told'));
  note();
  note();
  await settled();
  const once = ['begun', 'made', 'told'];
  assert.deepEqual(ground.made, [...once, ...once]);
  note();
  await settled();
  assert.deepEqual(ground.made, [...once, ...once, ...once]);
});

test('where few say much, nobody is told of news before there is a view of it either', async () => {
  // Goal: one operator may let in 16,300 members. Method: two authors of a MiB, and of a byte less.
  const [much, less] = [groundOf(2, 1024 * 1024), groundOf(2, 1024 * 1024 - 1)];
  openTeller(much, () => void much.made.push('told'))();
  openTeller(less, () => void less.made.push('told'))();
  assert.deepEqual([much.made, less.made], [[], ['told']]);
  await settled();
  assert.deepEqual(much.made, ['begun', 'made', 'told']);
});

test('in a small mesh everybody is told at once', () => {
  // Goal: nothing waits there. Method: news, and what was told right after it.
  const ground = groundOf(99);
  const note = openTeller(ground, () => void ground.made.push('told'));
  note();
  note();
  assert.deepEqual(ground.made, ['told', 'told']);
});
