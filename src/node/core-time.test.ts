import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../crdt/test-world.ts';
import { EPOCH_MS, openCoreStage as stage } from './test-core.ts';

test('core: a wrong clock elects by the time of most, and leaves its turn', async () => {
  // Goal: invariant 6, and `core-time.ts` 2. Method: a is an hour and a turn ahead of both others,
  // in its turn by theirs; then nobody else lives; then its clock is right.
  const { core, claims, passes, dead, skewsMs, time, pass, goToTurnOf, end } = await stage('a');
  await goToTurnOf('a');
  const { epoch } = core.constituency();
  for (const other of ['founder', 'b']) skewsMs.set(idOf(other), -7 * EPOCH_MS);
  time.step(7 * EPOCH_MS);
  core.mark();
  await pass(10_000);
  assert.deepEqual([core.constituency().epoch, core.isActing(), claims], [epoch, false, []]);
  assert.deepEqual(passes, Array(2).fill({ epoch, why: 'wrong clock' }));
  for (const other of ['founder', 'b']) dead.add(idOf(other));
  core.mark();
  await pass(4_000);
  assert.deepEqual(core.holder()?.term, { epoch, n: 0 }, 'better than none');
  await pass(4_000);
  assert.equal(core.isActing(), true);
  dead.clear();
  core.mark();
  await pass(1_000);
  assert.equal(core.isActing(), false);
  skewsMs.set(idOf('b'), 4_000);
  assert.equal(core.constituency().epoch, epoch + 7, 'one of two others is no majority');
  skewsMs.clear();
  await goToTurnOf('a');
  await pass(6_000);
  assert.equal(core.isActing(), true);
  await end();
});

test('core: a term that a wrong clock took counts for nothing once it is right', async () => {
  // Goal: `core-terms.ts` 2. Method: a takes the role an hour ahead; then b's turn, and a's own.
  const first = await stage('a');
  first.time.step(6 * EPOCH_MS);
  await first.goToTurnOf('a');
  await first.pass(6_000);
  assert.equal(first.core.holder()?.id, idOf('a'));
  first.time.step(-8 * EPOCH_MS);
  assert.equal(first.core.highest(), null, 'nobody is told of it either');
  await first.goToTurnOf('b');
  const { epoch } = first.core.constituency();
  assert.equal((await first.claim('b', { epoch, n: 1 })).isTaken, true);
  await first.goToTurnOf('a');
  await first.pass(6_000);
  assert.equal(first.core.holder()?.term.n, 0);
  await first.end();
});
