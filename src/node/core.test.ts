import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../crdt/test-world.ts';
import type { Disk } from '../ports.ts';
import { encodePass } from './rules/core-message.ts';
import { EPOCH_MS, openCoreStage as stage } from './test-core.ts';
import { createDisk } from './test-replica.ts';
import { settle } from './test-time.ts';

test('core: the role is taken after a while, said to all, and given up with the turn', async () => {
  // Goal: the plain course. Method: the turn of a, and the next one; what is said meanwhile.
  const { core, announced, claims, pass, goToTurnOf, end, time } = await stage('a');
  await goToTurnOf('b');
  await pass(10_000);
  assert.deepEqual(announced, ['ready']);
  assert.deepEqual([core.holder(), claims], [null, []]);
  await goToTurnOf('a');
  await pass(4_900);
  assert.equal(core.holder(), null);
  await pass(1_000);
  const { epoch } = core.constituency();
  assert.deepEqual(core.holder()?.term, { epoch, n: 0 });
  assert.deepEqual(claims, [
    { epoch, n: 0 },
    { epoch, n: 0 },
  ]);
  assert.equal(core.report().state, 'ready');
  await pass(10_000);
  assert.equal(claims.length, 2, 'who has taken it is not told again');
  time.step(EPOCH_MS);
  core.mark();
  await settle();
  assert.equal(core.holder(), null);
  await end();
});

test('core: never across a gap, and never in doubt of the own key', async () => {
  // Goal: invariants 2, 5 and 6. Method: a has the role; two seconds pass at once; then doubt, and
  // that is over: the turn is another's by then, the next one is not.
  const { core, passes, pass, goToTurnOf, time, doubt, end } = await stage('a');
  await goToTurnOf('a');
  await pass(6_000);
  assert.notEqual(core.holder(), null);
  await time.pass(2_000);
  assert.equal(core.holder(), null);
  await pass(3_600);
  assert.equal(core.holder()?.term.n, 1);
  doubt(true);
  await settle();
  assert.equal(core.holder(), null);
  await pass(6_000);
  assert.equal(core.holder(), null);
  const { epoch } = core.constituency();
  const said = { epoch, why: 'unable' };
  assert.deepEqual(passes, [said, said], 'both others are told, once');
  await pass(10_000);
  assert.deepEqual(passes, Array(4).fill(said), 'and now and then: a copy may have said otherwise');
  doubt(false);
  await pass(4_000);
  assert.equal(core.holder(), null);
  await goToTurnOf('a');
  await pass(6_000);
  assert.equal(core.holder()?.term.epoch, core.constituency().epoch);
  await end();
});

test('core: a disk that takes nothing leaves its turn to the next, and is told so', async () => {
  // Goal: invariants 3 and 6. Method: the turn of a on a full disk, where the two others are there;
  // the same where it is alone, and then there is room; another's turn.
  const { disk } = createDisk();
  let isFull = true;
  const refuse = (): Promise<void> => Promise.reject(new Error('full'));
  const moody: Disk = { ...disk, write: (...all) => (isFull ? refuse() : disk.write(...all)) };
  const { core, claims, passes, dead, pass, goToTurnOf, end } = await stage('a', moody);
  await goToTurnOf('a');
  await pass(6_000);
  const { epoch } = core.constituency();
  assert.deepEqual([core.holder(), claims], [null, []]);
  assert.deepEqual(passes, Array(2).fill({ epoch, why: 'unable' }));
  assert.equal(core.report().state, 'ready');
  const why = 'core: this turn is left to the next: its term cannot be kept: Error: full';
  assert.deepEqual(core.report().problems, [why]);
  for (const other of ['founder', 'b']) dead.add(idOf(other));
  core.mark();
  await pass(6_000);
  assert.equal(core.holder(), null);
  isFull = false;
  await pass(1_000);
  assert.equal(core.holder()?.id, idOf('a'));
  assert.deepEqual(core.report().problems, []);
  isFull = true;
  dead.clear();
  await pass(2_000);
  await goToTurnOf('a');
  await pass(6_000);
  assert.equal(core.report().problems.length, 1);
  await goToTurnOf('b');
  await pass(1_000);
  assert.deepEqual(core.report().problems, [], 'the turn is over');
  await end();
});

test('core: a turn that ended while a slow disk kept its term is not taken', async () => {
  // Goal: never a second holder, not for a moment: whose turn it is may act by then. Method: the
  // disk of a is slow in its turn, and still in that of b; then in a turn of a alone.
  const { disk } = createDisk();
  let writing = Promise.withResolvers<void>();
  const slow: Disk = { ...disk, write: (...all) => writing.promise.then(() => disk.write(...all)) };
  const { core, claims, pass, goToTurnOf, end } = await stage('a', slow);
  let moves = 0;
  core.onMove(() => void moves++);
  await goToTurnOf('a');
  await pass(9_000);
  await goToTurnOf('b');
  writing.resolve();
  await settle();
  await pass(1_000);
  assert.deepEqual([moves, claims, core.isActing()], [0, [], false]);
  writing = Promise.withResolvers();
  await goToTurnOf('a');
  await pass(9_000);
  assert.equal(core.isActing(), false);
  writing.resolve();
  await settle();
  assert.deepEqual([moves, core.isActing()], [1, true]);
  await end();
});

test('core: who hears that the elected one cannot takes the turn, until that one can', async () => {
  // Goal: invariant 6 from the other side. Method: b and then the founder say that they cannot, in
  // the turn of b; a takes the role; b claims it after all.
  const { core, hear, claim, pass, goToTurnOf, end } = await stage('a');
  await goToTurnOf('b');
  const { epoch } = core.constituency();
  assert.equal((await hear('b', encodePass({ epoch: epoch - 1, why: 'unable' }))).isTaken, true);
  await pass(6_000);
  assert.equal(core.holder(), null, 'of another epoch it says nothing');
  for (const other of ['b', 'founder']) await hear(other, encodePass({ epoch, why: 'unable' }));
  await pass(4_000);
  assert.deepEqual([core.holder()?.id, core.holder()?.term], [idOf('a'), { epoch, n: 0 }]);
  assert.equal((await claim('b', { epoch, n: 1 })).isTaken, true);
  core.mark();
  await settle();
  assert.equal(core.holder()?.id, idOf('b'));
  assert.equal(core.isActing(), false);
  await end();
});

test('core: a claim is taken from the elected one, in no lower term than the last', async () => {
  // Goal: invariants 3 and 4. Method: claims in the turn of b, also after a restart of a.
  const { disk } = createDisk();
  const first = await stage('a', disk);
  await first.goToTurnOf('b');
  const { epoch } = first.core.constituency();
  const good = { epoch, n: 4 };
  assert.equal((await first.claim('founder', good)).isTaken, false);
  assert.deepEqual(await first.claim('b', { epoch: epoch + 2, n: 0 }), {
    isTaken: false,
    isElected: true,
    highest: null,
    said: [],
  });
  assert.deepEqual(await first.claim('b', good), {
    isTaken: true,
    isElected: true,
    highest: good,
    said: [],
  });
  assert.deepEqual(first.core.holder()?.id, idOf('b'));
  assert.equal((await first.claim('b', { epoch, n: 3 })).isTaken, false);
  first.dead.add(idOf('b'));
  assert.equal(first.core.holder(), null);
  await first.end();

  const second = await stage('a', disk);
  await second.goToTurnOf('b');
  assert.equal((await second.claim('b', { epoch, n: 3 })).isTaken, false);
  assert.equal((await second.claim('b', good)).isTaken, true);
  await second.end();
});

test('core: who is outbid takes the next term above that', async () => {
  // Goal: a healed partition has one term in the end. Method: others answer with a higher one.
  const { core, claims, answer, pass, goToTurnOf, end } = await stage('a');
  await goToTurnOf('a');
  const { epoch } = core.constituency();
  answer.current = { isTaken: false, isElected: true, highest: { epoch, n: 6 }, said: [] };
  await pass(6_000);
  assert.equal(core.holder()?.term.n, 7);
  answer.current = { isTaken: true, isElected: true, highest: { epoch, n: 7 }, said: [] };
  await pass(3_000);
  assert.deepEqual(claims.at(-1), { epoch, n: 7 });
  await end();
});

test('core: who should have the role is dialled again in time, whatever else happens', async () => {
  // Goal: a member that is not connected with the next core soon knows it. Method: a's turn, of
  // which nobody tells; something changes just before the second dial is due; then it tells.
  const { core, reached, claim, pass, goToTurnOf, end } = await stage('founder');
  await pass(20_000);
  reached.length = 0;
  await goToTurnOf('a');
  await pass(3_900);
  core.mark();
  await settle();
  await pass(400);
  assert.deepEqual(
    reached.map(([member]) => member),
    [idOf('a'), idOf('a')],
  );
  await claim('a', { epoch: core.constituency().epoch, n: 0 });
  await pass(20_000);
  assert.equal(reached.length, 2);
  await end();
});
