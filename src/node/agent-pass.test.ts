import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { count, ok, refusal, startToy, TOY_SECRET } from './test-agent-toy.ts';

test('a pass observes, writes the undo, applies, verifies and reports', async () => {
  // Goal: the order of the contract. Method: two items wanted on an empty host, all steps compared.
  const { toy, begin, pass, ran, inputs, reports } = await startToy();
  toy.wanted = ['a', 'b'];
  begin();
  await pass(0);
  assert.deepEqual(ran, ['toy list', 'ledger', 'toy add a', 'ledger', 'toy add b', 'toy list']);
  assert.deepEqual(inputs, [`${TOY_SECRET}\n`, `${TOY_SECRET}\n`]);
  assert.deepEqual(reports, [
    { name: 'toy', state: 'starting', problems: [], changes: 0 },
    { name: 'toy', state: 'ready', problems: [], changes: 2, engine: 'a b' },
  ]);
});

test('a pass goes on while what it made asks for more, and not in circles', async () => {
  // Goal: an engine is set up in the pass that starts it. Method: adding brings a stray along; the
  // twin: a stray that comes back is left to the next pass.
  let strays = 1;
  const world = await startToy((argv) => {
    if (argv[1] !== 'add' && argv[1] !== 'remove') return null;
    if (strays-- > 0) world.toy.items.add('stray');
    return argv[1] === 'add' ? null : argv[2] === 'stray' && strays > 0 ? ok() : null;
  });
  world.toy.wanted = ['a'];
  world.begin();
  await world.pass(0);
  assert.deepEqual(world.ran.slice(2), ['toy add a', 'toy list', 'toy remove stray', 'toy list']);
  assert.equal(world.last()?.state, 'ready');
  strays = 1_000;
  world.emit();
  world.toy.items.add('stray');
  await world.pass(1_000);
  assert.equal(count(world.ran, 'toy remove stray'), 2);
  assert.equal(world.last()?.state, 'degraded');
});

test('a pass ends although each round asks for something new', async () => {
  // Goal: a host that never says what was asked of it is told of, not worked on for ever. Method:
  // whatever is removed comes back under another name.
  let number = 0;
  const world = await startToy((argv) => {
    if (argv[1] !== 'add' && argv[1] !== 'remove') return null;
    number += 1;
    world.toy.items.add(`stray-${number}`);
    return null;
  });
  world.toy.wanted = ['a'];
  world.begin();
  await world.pass(0);
  assert.ok(number > 2 && number <= 20, `${number} commands in a pass`);
  assert.ok(world.reports.length > 1, 'it is told');
});

test('the first failing command ends the pass, and it is tried again with back-off', async () => {
  // Goal: stop, report, retry at 1, 2, 4 s, recover. Method: a host that refuses for 7 s.
  let isRefusing = true;
  const world = await startToy((argv) =>
    argv[2] === 'a' && isRefusing ? refusal(`cannot: \`${TOY_SECRET.slice(0, 40)}'`) : null,
  );
  world.toy.wanted = ['a', 'b'];
  world.begin();
  await world.pass(6_900);
  assert.equal(count(world.ran, 'toy add a'), 3);
  assert.equal(count(world.ran, 'toy add b'), 0);
  assert.equal(world.last()?.state, 'failed');
  assert.deepEqual(world.last()?.problems, ["toy add a: exit status 1: cannot: `[key]'"]);
  isRefusing = false;
  await world.pass(100);
  assert.equal(world.last()?.state, 'ready');
  assert.ok(!JSON.stringify(world.logged).includes(TOY_SECRET.slice(0, 40)));
});

const timeout = new Fault('timeout', {
  field: 'toy',
  value: 'list',
  why: 'took more than 10 s',
  remedy: 'look at the host',
});

test('a tool that hangs or is missing is reported, and the loop goes on', async () => {
  // Goal: nothing thrown. Method: the probe fails twice with a Fault, then works.
  let failures = 2;
  const { toy, begin, pass, last, ran } = await startToy(() => (failures-- > 0 ? timeout : null));
  toy.wanted = ['a'];
  begin();
  await pass(500);
  assert.equal(last()?.state, 'failed');
  assert.deepEqual(last()?.problems, [timeout.message]);
  assert.equal(count(ran, 'toy add a'), 0);
  await pass(4_000);
  assert.equal(last()?.state, 'ready');
});

test('output that cannot be read is a problem, and nothing is planned on it', async () => {
  // Goal: never a guess. Method: the probe exits with a status; nothing may be added.
  const { toy, begin, pass, last, ran } = await startToy((argv) =>
    argv[1] === 'list' ? refusal('gibberish') : null,
  );
  toy.wanted = ['a'];
  begin();
  await pass(10_000);
  assert.deepEqual(last()?.problems, ['toy list: unreadable']);
  assert.equal(count(ran, 'toy add a'), 0);
});

test('what an own change brings along later is no drift', async () => {
  // Goal: an engine that is there only after the pass that started it is set up without a tale of
  // foreign hands. Method: an item that comes late, with a stray; the twin: a stray by itself.
  let isLate = true;
  const world = await startToy((argv) => (argv[1] === 'add' && isLate ? ok() : null));
  const isTold = () => JSON.stringify(world.logged).includes('drift-repaired');
  world.begin();
  await world.pass(0);
  world.toy.wanted = ['a'];
  world.emit();
  await world.pass(1_000);
  assert.equal(count(world.ran, 'toy add a'), 1);
  isLate = false;
  world.toy.items.add('a');
  world.toy.items.add('stray');
  await world.pass(10_000);
  assert.equal(count(world.ran, 'toy remove stray'), 1);
  assert.equal(world.last()?.state, 'ready');
  assert.ok(!isTold());
  world.toy.items.add('stray');
  world.emit();
  await world.pass(10_000);
  assert.equal(count(world.ran, 'toy remove stray'), 2);
  assert.ok(isTold());
});
