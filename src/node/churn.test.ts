import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adoptionOf, createDisk, open, testClock } from './test-replica.ts';

const KEYS = 1_000;
const BATCH = 100;
const DAY_MS = 24 * 3_600_000;

test('churn: a thousand keys overwritten for weeks stay small on disk', async () => {
  // Goal: item 4, at most 1 MB on disk, flat. Method: days of overwrites, in batches and one by
  // one; the longest journal of the second half is not above that of the first.
  const { disk, files } = createDisk();
  const replica = await open(disk);
  await replica.write([adoptionOf(7)]);
  const longest = [0, 0];
  const note = (half: number): void => {
    longest[half] = Math.max(longest[half] ?? 0, files.get('journal')?.length ?? 0);
  };
  for (let day = 0; day < 8; day += 1) {
    testClock.nowMs += DAY_MS;
    for (let at = 0; at < KEYS; at += BATCH) {
      await replica.write(
        Array.from({ length: BATCH }, (_, i) => ({
          path: `intent/k${at + i}`,
          value: day * 7 + i,
        })),
      );
      note(Math.floor(day / 4));
    }
    for (let at = 0; at < 200; at += 1) {
      await replica.write([{ path: `intent/k${at}`, value: 1e6 + day + at }]);
      note(Math.floor(day / 4));
    }
  }
  await replica.flush();
  const [first = 0, second = 0] = longest;
  assert.ok(second <= 1_000_000, `${second} bytes`);
  assert.ok(second <= first * 1.1, `${first}, then ${second} bytes`);
  const again = await open(disk);
  assert.deepEqual(again.heads(), replica.heads());
  assert.deepEqual(again.view(), replica.view());
});
