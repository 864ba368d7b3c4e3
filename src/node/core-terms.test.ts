import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTerms } from './core-terms.ts';
import { createDisk } from './test-replica.ts';

test('core terms: the highest stays over restarts, and a lower one changes nothing', async () => {
  // Goal: invariant 1. Method: a term, a lower and an equal one, a restart after each.
  const { disk } = createDisk();
  const open = () => openTerms(disk, () => 7);
  assert.equal((await open()).highest(), null);
  await (await open()).raise({ epoch: 7, n: 3 });
  for (const lower of [
    { epoch: 7, n: 2 },
    { epoch: 6, n: 9 },
    { epoch: 7, n: 3 },
  ]) {
    await (await open()).raise(lower);
    assert.deepEqual((await open()).highest(), { epoch: 7, n: 3 });
  }
  await (await open()).raise({ epoch: 7, n: 4 });
  assert.deepEqual((await open()).highest(), { epoch: 7, n: 4 });
});

test('core terms: one of a time that has not come counts for nothing until it has', async () => {
  // Goal: invariant 2, for clocks that were ahead and for turns that were made longer. Method: the
  // latest epoch goes back below the term, and forth again; then a lower term takes its place.
  const { disk } = createDisk();
  let latest = 70;
  const terms = await openTerms(disk, () => latest);
  await terms.raise({ epoch: 70, n: 0 });
  latest = 7;
  assert.equal(terms.highest(), null);
  latest = 70;
  assert.deepEqual(terms.highest(), { epoch: 70, n: 0 });
  latest = 7;
  await terms.raise({ epoch: 7, n: 1 });
  await terms.raise({ epoch: 7, n: 0 });
  assert.deepEqual(terms.highest(), { epoch: 7, n: 1 });
  assert.deepEqual((await openTerms(disk, () => latest)).highest(), { epoch: 7, n: 1 });
});

test('core terms: one that was taken is known again when its time is back', async () => {
  // Goal: invariant 1, where the time of most was an hour behind for a while. Method: the latest
  // epoch goes back, another term is taken, a restart, and the time is right again.
  const { disk } = createDisk();
  let latest = 70;
  const open = () => openTerms(disk, () => latest);
  await (await open()).raise({ epoch: 70, n: 2 });
  latest = 64;
  await (await open()).raise({ epoch: 64, n: 0 });
  await (await open()).raise({ epoch: 64, n: 1 });
  assert.deepEqual((await open()).highest(), { epoch: 64, n: 1 });
  latest = 71;
  assert.deepEqual((await open()).highest(), { epoch: 70, n: 2 });
  await (await open()).raise({ epoch: 71, n: 0 });
  latest = 64;
  assert.deepEqual((await open()).highest(), { epoch: 64, n: 1 });
});

test('core terms: whoever has its clock set back and back keeps few', async () => {
  // Goal: a file of bounded size. Method: a thousand terms, each of an earlier time; the file, and
  // what the latest time makes of it.
  const { disk } = createDisk();
  let latest = 2_000;
  const terms = await openTerms(disk, () => latest);
  for (; latest > 1_000; latest -= 1) await terms.raise({ epoch: latest, n: 0 });
  assert.ok(((await disk.read('core-term')) ?? []).length < 256);
  assert.equal(terms.highest(), null);
  latest = 2_000;
  assert.deepEqual(terms.highest(), { epoch: 1_008, n: 0 });
});
