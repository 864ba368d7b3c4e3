import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBuckets } from './bucket.ts';

test('bucket: a burst, then so much per second, each key for itself', () => {
  // Goal: both limits, by table. Method: spend one at a time while anything is left.
  const buckets = createBuckets(64, 4);
  const spendAll = (key: string, nowMs: number): number => {
    let count = 0;
    for (; buckets.hasLeft(key, nowMs); count += 1) buckets.spend(key, 1, nowMs);
    return count;
  };
  const cases: readonly (readonly [key: string, nowMs: number, count: number])[] = [
    ['a', 1_000, 64],
    ['a', 1_000, 0],
    ['b', 1_000, 64],
    ['a', 2_000, 4],
    ['a', 12_000, 40],
    ['a', 3_600_000, 64],
  ];
  for (const [key, nowMs, count] of cases) {
    assert.equal(spendAll(key, nowMs), count, `${key} at ${nowMs}`);
  }
});

test('bucket: what is more than the burst is a debt, and the time that it takes is told', () => {
  // Goal: large things pass, and are waited for. Method: 10 out of a bucket of 4, 2 per second.
  const buckets = createBuckets(4, 2);
  assert.equal(buckets.spend('a', 3, 0), 0);
  assert.equal(buckets.spend('a', 10, 0), 4_500);
  assert.equal(buckets.waitMs('a', 1_500), 3_000);
  assert.equal(buckets.waitMs('a', 9_000), 0);
  assert.ok(!buckets.hasLeft('a', 4_500));
  assert.ok(buckets.hasLeft('a', 4_600));
});

test('bucket: keys that used nothing for long are forgotten, the others are not', () => {
  // Goal: bounded memory. Method: one in debt, then 5,000 others that recover.
  const buckets = createBuckets(1, 1);
  buckets.spend('debtor', 100_000, 0);
  for (let key = 0; key < 5_000; key += 1) buckets.spend(`k${key}`, 1, key * 2_000);
  assert.ok(!buckets.hasLeft('debtor', 10_000));
});
