import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOUNDER, interleavingOf, openDice } from './interleaving.ts';

const textOf = (seed: number): string => JSON.stringify(interleavingOf(openDice(seed)));

test('a seed gives the same steps again, another seed gives others', () => {
  // Goal: a seed is all that it takes to do the same again. Method: draw the steps of many twice.
  const texts = Array.from({ length: 200 }, (_, seed) => textOf(seed));
  assert.deepEqual(
    texts,
    texts.map((_, seed) => textOf(seed)),
  );
  assert.equal(new Set(texts).size, texts.length);
});

test('200 seeds do everything, at once as well, and the founder never leaves', () => {
  // Goal: nothing is left out by a slip in the table. Method: count what is in the steps of all.
  const steps = Array.from({ length: 200 }, (_, seed) => interleavingOf(openDice(seed))).flat();
  const acts = new Set(steps.map(({ act }) => act));
  assert.equal(acts.size, 11);
  assert.ok(steps.some(({ isAwaited, pauseMs }) => !isAwaited && pauseMs < 5));
  const founders = steps.filter(({ vm }) => vm === FOUNDER).map(({ act }) => act);
  assert.ok(founders.length > 50);
  assert.ok(founders.every((act) => !act.startsWith('leave') && act !== 'init'));
});
