import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostResult } from '../ports.ts';
import { count, ok, refusal, startToy } from './test-agent-toy.ts';

test('our own changes echo once, then the host is left alone', async () => {
  // Goal: no endless echo. Method: the host emits a line for each change; count looks in 4 minutes.
  const { toy, begin, pass, ran } = await startToy();
  toy.wanted = ['a', 'b'];
  begin();
  await pass(240_000);
  assert.equal(count(ran, 'toy list'), 3);
  await pass(120_000);
  assert.equal(count(ran, 'toy list'), 4);
});

test('many marks are one pass', async () => {
  // Goal: coalescing. Method: a hundred marks at once, then one look more than before.
  const { toy, begin, pass, ran } = await startToy();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  const before = count(ran, 'toy list');
  for (let n = 0; n < 100; n++) agent.mark();
  await pass(49);
  assert.equal(count(ran, 'toy list'), before);
  await pass(1);
  assert.equal(count(ran, 'toy list'), before + 1);
});

test('drift is repaired when a monitor tells, and named', async () => {
  // Goal: repaired within a second and logged. Method: remove an item by hand; twin: a new wish.
  const { toy, begin, pass, logged, emit } = await startToy();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  toy.wanted = ['a', 'b'];
  agent.mark();
  await pass(10_000);
  assert.deepEqual([...toy.items], ['a', 'b']);
  assert.equal(logged.filter(({ event }) => event === 'drift-repaired').length, 0);
  toy.items.delete('a');
  emit();
  await pass(1_000);
  assert.deepEqual([...toy.items], ['b', 'a']);
  assert.deepEqual(
    logged.filter(({ event }) => event === 'drift-repaired').map(({ facts }) => facts),
    ['{"service":"toy","commands":["toy add a"]}'],
  );
});

test('a program that fights the agent does not make it spin', async () => {
  // Goal: at most one repair a second. Method: each added item vanishes at once, with a line.
  const world = await startToy((argv) => {
    if (argv[1] !== 'add') return null;
    queueMicrotask(world.emit);
    return ok();
  });
  world.toy.wanted = ['a'];
  world.begin();
  await world.pass(60_000);
  assert.equal(world.last()?.state, 'degraded');
  assert.match(world.last()?.problems.join() ?? '', /not in step.*toy add a/);
  assert.ok(count(world.ran, 'toy add a') < 8, `${count(world.ran, 'toy add a')} repairs`);
});

test('somebody who undoes each repair gets one repair a second', async () => {
  // Goal: a fight costs little. Method: the item is taken away 10 ms after each report of ready.
  const { toy, begin, pass, ran, emit, last } = await startToy();
  toy.wanted = ['a'];
  begin();
  for (let step = 0; step < 1_000; step++) {
    await pass(10);
    if (last()?.state === 'ready' && toy.items.delete('a')) emit();
  }
  const repairs = count(ran, 'toy add a');
  assert.ok(repairs >= 9 && repairs <= 11, `${repairs} repairs in 10 s`);
});

test('long trouble without a failure does not slow the first retry', async () => {
  // Goal: back-off counts failures in a row. Method: 40 looks with a problem, then one failure.
  let isRefusing = true;
  const world = await startToy((argv) => {
    return argv[1] === 'add' && isRefusing ? refusal('not now') : null;
  });
  world.toy.problems = ['a foreign thing'];
  world.toy.recheckMs = 500;
  world.begin();
  await world.pass(20_000);
  assert.ok(count(world.ran, 'toy list') > 30);
  world.toy.wanted = ['a'];
  await world.pass(500);
  assert.equal(world.last()?.state, 'failed');
  isRefusing = false;
  await world.pass(1_200);
  assert.deepEqual([...world.toy.items], ['a']);
});

test('an agent whose command hangs holds up no other', async () => {
  // Goal: independence. Method: one host never answers, another works on the same event loop.
  const hung = await startToy(() => new Promise<HostResult>(() => undefined));
  const well = await startToy();
  hung.begin();
  well.begin();
  await well.pass(1_000);
  assert.equal(hung.last()?.state, 'starting');
  assert.equal(well.last()?.state, 'ready');
});

test('ready waits for problems to go, and the service may ask for an early look', async () => {
  // Goal: not ready with a problem; recheck honoured. Method: a problem with a recheck of 700 ms.
  const { toy, begin, pass, last } = await startToy();
  toy.problems = ['a foreign thing'];
  toy.recheckMs = 700;
  begin();
  await pass(699);
  assert.deepEqual([last()?.state, last()?.problems], ['degraded', ['a foreign thing']]);
  toy.problems = [];
  await pass(1);
  assert.equal(last()?.state, 'ready');
});

test('stopping touches nothing on the host', async () => {
  // Goal: the data plane outlives the daemon. Method: abort when ready; then abort in mid-pass.
  const { toy, begin, pass, reports, stop, ran } = await startToy();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  const before = ran.length;
  stop.abort();
  await agent.stopped;
  assert.equal(ran.length, before);
  assert.deepEqual([...toy.items], ['a']);
  assert.deepEqual(
    reports.slice(-2).map(({ state }) => state),
    ['stopping', 'stopped'],
  );
  const cut = await startToy((argv) => {
    if (argv[2] === 'a') cut.stop.abort();
    return null;
  });
  cut.toy.wanted = ['a', 'b'];
  await cut.begin().stopped;
  assert.equal(count(cut.ran, 'toy add a'), 1);
  assert.equal(count(cut.ran, 'toy add b'), 0);
  assert.equal(cut.last()?.state, 'stopped');
});
