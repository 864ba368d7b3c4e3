import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../../crdt/test-world.ts';
import { type Picture, pictureOf } from './event-picture.ts';
import { followReturns, NO_RETURNS, type Returns } from './returns.ts';
import { around, story } from './test-picture.ts';

/** Five members, of whom these are dead. */
const lost = (...names: readonly string[]): Picture => {
  const dead = new Set<string>(names.map(idOf));
  const state = (id: string) => (dead.has(id) ? 'dead' : 'alive');
  return pictureOf(story().admits('c', 'i').admits('d', 'i').view(), around({ state }));
};

/** What is told at each of these moments, ms, and how long to wait then. */
function follow(steps: readonly (readonly [number, Picture])[]): readonly string[] {
  let returns: Returns = NO_RETURNS;
  let before = steps[0]?.[1] ?? lost();
  return steps.map(([nowMs, after]) => {
    const step = followReturns(returns, before, after, nowMs);
    ({ returns } = step);
    before = after;
    const { healed, waitMs } = step;
    return healed === null ? String(waitMs) : `${healed.text}: ${healed.cause}`;
  });
}

test('returns: the last of the lost is told at once, with all who came before it', () => {
  // Goal: the end of a partition is one event. Method: three lost, back one after the other.
  assert.deepEqual(
    follow([
      [0, lost('a', 'b', 'c')],
      [1_000, lost('a', 'b')],
      [3_000, lost('a')],
      [4_000, lost()],
      [90_000, lost()],
    ]),
    [
      'null',
      '10000',
      '10000',
      'all 5 members can be reached again: c is back, b is back, a is back',
      'null',
    ],
  );
});

test('returns: who is gone for good hides no heal of others', () => {
  // Goal: one dead VM is no reason for silence. Method: d is dead throughout; two come back 4 s
  // apart; looks in between tell nothing, and later ones nothing again.
  assert.deepEqual(
    follow([
      [0, lost('d', 'a', 'b')],
      [1_000, lost('d', 'b')],
      [5_000, lost('d')],
      [14_999, lost('d')],
      [15_000, lost('d')],
      [99_000, lost('d')],
    ]),
    [
      'null',
      '10000',
      '10000',
      '1',
      '4 of 5 members can be reached again: a is back, b is back',
      'null',
    ],
  );
});

test('returns: who is lost again at once, and who was evicted while lost, makes no heal', () => {
  // Goal: a link that flaps is told by its states alone. Method: a is back for 3 s; a is evicted.
  assert.deepEqual(
    follow([
      [0, lost('d', 'a')],
      [1_000, lost('d')],
      [4_000, lost('d', 'a')],
      [20_000, lost('d', 'a')],
    ]),
    ['null', '10000', 'null', 'null'],
  );
  const dead = new Set<string>([idOf('b')]);
  const state = (id: string) => (dead.has(id) ? 'dead' : 'alive');
  const without = pictureOf(story().evicts('a').view(), around({ state }));
  assert.deepEqual(
    follow([
      [0, lost('a', 'b')],
      [1_000, without],
    ]),
    ['null', 'null'],
  );
});
