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
  for (let n = 0; n < 100; n++) agent.mark('host');
  await pass(24);
  assert.equal(count(ran, 'toy list'), before);
  await pass(1);
  assert.equal(count(ran, 'toy list'), before + 1);
});

test('marks that do not end are few passes', async () => {
  // Goal: a crowd that joins does not make everybody spin. Method: a mark every 20 ms for 10 s, and
  // one more: it is heard within half a second. Twin: after a rest it is heard at once, as before.
  const { toy, begin, pass, ran } = await startToy();
  const agent = begin();
  await pass(10_000);
  const before = count(ran, 'toy list');
  for (let step = 0; step < 500; step++) {
    agent.mark('host');
    await pass(20);
  }
  const looks = count(ran, 'toy list') - before;
  assert.ok(looks >= 20 && looks <= 28, `${looks} looks in 10 s`);
  toy.wanted = ['a'];
  agent.mark('host');
  await pass(550);
  assert.deepEqual([...toy.items], ['a']);
  await pass(10_000);
  toy.wanted = ['a', 'b'];
  agent.mark('host');
  await pass(50);
  assert.deepEqual([...toy.items], ['a', 'b']);
});

test('drift is repaired when a monitor tells, and named', async () => {
  // Goal: repaired within a second and logged. Method: remove an item by hand; twin: a new wish.
  const { toy, begin, pass, logged, emit } = await startToy();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  toy.wanted = ['a', 'b'];
  agent.mark('host');
  await pass(10_000);
  assert.deepEqual([...toy.items], ['a', 'b']);
  assert.equal(logged.filter(({ event }) => event === 'drift-repaired').length, 0);
  toy.items.delete('a');
  emit();
  await pass(1_000);
  assert.deepEqual([...toy.items], ['b', 'a']);
  assert.deepEqual(
    logged.filter(({ event }) => event === 'drift-repaired').map(({ facts }) => facts),
    ['{"service":"toy","found":["toy add a"]}'],
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

test('somebody who undoes each repair is told of, and gets fewer and fewer of them', async () => {
  // Goal: a fight costs little, is no secret, and is over when it is over. Method: the item is
  // taken away 100 ms after each repair, for two minutes; then it is left alone.
  const { toy, begin, pass, ran, emit, last } = await startToy();
  toy.wanted = ['a'];
  begin();
  const fight = async (steps: number): Promise<number> => {
    const before = count(ran, 'toy add a');
    for (let step = 0; step < steps; step++) {
      await pass(100);
      if (toy.items.delete('a')) emit();
    }
    return count(ran, 'toy add a') - before;
  };
  const first = await fight(100);
  assert.ok(first >= 4 && first <= 7, `${first} repairs in 10 s`);
  assert.equal(last()?.state, 'degraded');
  assert.match(last()?.problems.join() ?? '', /toy: toy add a: repaired again and again, .*find/);
  const rest = await fight(1_100);
  assert.ok(rest >= 3 && rest <= 7, `${rest} repairs in the 110 s after`);
  await pass(160_000);
  assert.deepEqual([last()?.state, last()?.problems, [...toy.items]], ['ready', [], ['a']]);
});

test('a hand that slips three times is repaired each time at once', async () => {
  // Goal: the twin of a fight. Method: three deletions, a second and a half apart.
  const { toy, begin, pass, emit, last } = await startToy();
  toy.wanted = ['a'];
  begin();
  await pass(5_000);
  for (let time = 0; time < 3; time++) {
    toy.items.delete('a');
    emit();
    await pass(1_500);
    assert.deepEqual([[...toy.items], last()?.problems], [['a'], []]);
  }
});

test('lines that do not concern the service are not followed', async () => {
  // Goal: others' changes cost nothing. Method: noise, then a line that counts.
  const { begin, pass, ran, emit } = await startToy();
  begin();
  await pass(5_000);
  const before = ran.length;
  for (let n = 0; n < 100; n++) emit('noise');
  await pass(20_000);
  assert.equal(ran.length, before);
  emit();
  await pass(1_000);
  assert.equal(ran.length, before + 1);
});

test('a host on which others change all the time is looked at every few seconds', async () => {
  // Goal: chatter costs little, and a repair comes in time all the same. Method: a line every
  // 100 ms for a minute, then with the item gone.
  const { toy, begin, pass, ran, emit } = await startToy();
  toy.wanted = ['a'];
  begin();
  await pass(5_000);
  const before = ran.length;
  const chatter = async (tenths: number): Promise<void> => {
    for (let step = 0; step < tenths; step++) {
      emit();
      await pass(100);
    }
  };
  await chatter(600);
  assert.ok(ran.length - before < 25, `${ran.length - before} looks in a minute`);
  toy.items.delete('a');
  await chatter(60);
  assert.deepEqual([...toy.items], ['a']);
});

test('a sign that differs leads to a look within 6 s, and one that does not to none', async () => {
  // Goal: what no monitor tells is found, without a process in step. Method: the twin first.
  const world = await startToy();
  const { toy, begin, pass, ran, last } = world;
  toy.wanted = ['a'];
  toy.sign = 'calm';
  world.sign = 'calm';
  begin();
  await pass(60_000);
  const before = ran.length;
  await pass(120_000);
  assert.equal(ran.length, before);
  toy.items.delete('a');
  world.sign = 'stirred';
  await pass(5_500);
  assert.deepEqual([[...toy.items], last()?.state], [['a'], 'ready']);
});

test('a sign that differs for ever is looked at less and less often', async () => {
  // Goal: a sign that is read wrong costs little. Method: count looks in an hour.
  const world = await startToy();
  world.toy.sign = 'calm';
  world.sign = 'stirred';
  world.begin();
  await world.pass(3_600_000);
  assert.ok(count(world.ran, 'toy list') < 40, `${count(world.ran, 'toy list')} looks in an hour`);
});

test('a note is told, and ready is ready', async () => {
  // Goal: what the service can do without does not hold up anybody. Method: a note alone.
  const { toy, begin, pass, last } = await startToy();
  toy.notes = ['no such tool'];
  begin();
  await pass(1_000);
  assert.deepEqual([last()?.state, last()?.problems], ['ready', ['no such tool']]);
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
