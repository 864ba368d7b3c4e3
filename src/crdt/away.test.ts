import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commit, NOW, openTestStore, pair, picture, say } from './test-mesh.ts';

/** Generations that pass while somebody is away. */
const GENERATIONS = 1_000;

test('a member that was away for a thousand generations catches up in one answer', () => {
  // Goal: item 4, "a member away for 1,000 generations catches up". Method: an author makes them
  // all, with a change, a deletion and a word said again in each; then one exchange of frames.
  const { founder, a } = pair();
  const change = (value: number): void => {
    say(founder, [{ path: 'intent/a/b/c', value }], NOW + value);
  };
  change(0);
  say(founder, [{ path: 'intent/a/b/gone', value: 1 }], NOW);
  a.receiveAll(founder.framesAfter(a.heads(), Number.POSITIVE_INFINITY), NOW);
  assert.deepEqual(picture(a), picture(founder));
  say(founder, [{ path: 'intent/a/b/gone', value: null }], NOW);
  const nowMs = NOW + GENERATIONS;
  for (let generation = 1; generation <= GENERATIONS; generation += 1) {
    change(generation);
    commit(founder.nextGeneration(NOW + generation));
  }
  const lacking = founder.framesAfter(a.heads(), Number.POSITIVE_INFINITY);
  assert.ok(lacking.length <= 2, `${lacking.length} frames are sent`);
  for (const { verdict } of a.receiveAll(lacking, nowMs)) assert.equal(verdict, 'taken');
  assert.deepEqual(picture(a), picture(founder));
  assert.equal(a.heads()[0]?.generation, GENERATIONS);
  // And who held the deleted object all the while cannot bring it back.
  const late = openTestStore('a');
  late.load(a.framesAfter([], Number.POSITIVE_INFINITY), nowMs);
  assert.deepEqual(picture(late), picture(founder));
});
