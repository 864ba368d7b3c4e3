/** What is said of a handful of measured values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean, median, pairRatio } from './statistics.ts';

test('the median is the middle, the mean is the mean', () => {
  // Goal: the figures are right, unsorted, odd and even. Method: by hand; of nothing, no number.
  const cases: readonly [readonly number[], number, number][] = [
    [[7], 7, 7],
    [[9, 1, 2], 2, 4],
    [[10, 1, 2, 3], 2.5, 4],
    [[1, 1000, 2, 3, 2], 2, 201.6],
  ];
  for (const [values, middle, average] of cases) {
    assert.equal(median(values), middle, `${values}`);
    assert.equal(mean(values), average, `${values}`);
  }
  assert.ok(Number.isNaN(median([])) && Number.isNaN(mean([])));
});

test('the ratio is taken round by round', () => {
  // Goal: a disturbance of both sides of a round does not show. Method: the machine is five times
  // as slow in two rounds of five; the twin, the ratio of medians, is off by it.
  const ours = [10, 50, 10, 50, 10];
  const theirs = [20, 100, 100, 100, 20];
  assert.equal(pairRatio(ours, theirs), 0.5);
  assert.notEqual(median(ours) / median(theirs), 0.5);
  assert.equal(pairRatio([1, 2], [1]), 1);
});
