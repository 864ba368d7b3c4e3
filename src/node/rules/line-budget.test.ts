import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLineBudget } from './line-budget.ts';

test('line budget: some at once, then few, and what is left out is told', () => {
  // Goal: both limits and the count, each peer for itself. Method: one peer asks 100 times a second
  // for ten minutes; another, once in a while, is always written.
  const budget = createLineBudget();
  const told: (number | undefined)[] = [];
  let left = 0;
  for (let nowMs = 0; nowMs < 600_000; nowMs += 10) {
    const taken = budget.take('loud', nowMs);
    if (taken === null) left += 1;
    else told.push(taken.leftOut);
    if (nowMs % 60_000 === 0) assert.deepEqual(budget.take('calm', nowMs), {});
  }
  const burst = told.findIndex((count) => count !== undefined);
  assert.ok(burst >= 5 && burst <= 6, `${burst} at once`);
  assert.ok(told.length > 60 && told.length < 70, `${told.length} lines`);
  const last = budget.take('loud', 1_200_000)?.leftOut ?? 0;
  assert.equal(
    told.reduce((sum: number, count) => sum + (count ?? 0), last),
    left,
  );
});

test('line budget: many peers together get no more than all may, and none is not counted', () => {
  // Goal: keys are cheap for who makes invites, and memory is bounded. Method: 10,000 peers, 20
  // lines each within a minute; then everything that was left out is told by those who come after.
  const budget = createLineBudget();
  let [written, left, told] = [0, 0, 0];
  const ask = (peer: string, nowMs: number): void => {
    const taken = budget.take(peer, nowMs);
    if (taken === null) left += 1;
    else {
      written += 1;
      told += (taken.leftOut ?? 0) + (taken.leftOutOfOthers ?? 0);
    }
  };
  for (let line = 0; line < 200_000; line += 1) ask(`p${line % 10_000}`, line * 0.3);
  assert.ok(written <= 50 + 30 + 1, `${written} lines`);
  assert.ok(left - told > 0);
  for (let peer = 0; peer < 10_000; peer += 1) ask(`p${peer}`, 1_000_000 + peer * 60_000);
  assert.equal(told, left);
});
