import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentReport } from '../services/service.ts';
import { createKeeper } from './keeper.ts';
import { count, refusal, startToy } from './test-agent-toy.ts';

type Responder = NonNullable<Parameters<typeof startToy>[0]>;

/** The keeper of the toy, which wants one item, on a host of its own. */
const startKeeper = async (answer: Responder = () => null) => {
  const world = await startToy(answer);
  const { ports, service, context } = world.agent;
  const consent = { isGiven: true };
  const left: (AgentReport | null)[] = [];
  const keeper = createKeeper(ports, service, {
    ...context,
    isWanted: () => consent.isGiven,
    onUndone: (report) => void left.push(report),
  });
  world.toy.wanted = ['a'];
  const withdraw = (): void => {
    consent.isGiven = false;
    keeper.mark('host');
  };
  const give = (): void => {
    consent.isGiven = true;
    keeper.mark('host');
  };
  const run = () => keeper.run(world.stop.signal);
  return { ...world, keeper, run, left, withdraw, give };
};

test('keeper: without consent the agent ends and what it made is undone', async () => {
  // Goal: a service comes and goes. Method: withdraw, look at the host, give again.
  const { toy, run, pass, left, last, withdraw, give } = await startKeeper();
  void run();
  await pass(10_000);
  assert.deepEqual([...toy.items], ['a']);
  assert.deepEqual(left, []);
  withdraw();
  await pass(1_000);
  assert.deepEqual([...toy.items], []);
  assert.equal(last()?.state, 'stopped');
  assert.deepEqual(left, [null]);
  give();
  await pass(10_000);
  assert.deepEqual([...toy.items], ['a']);
  assert.equal(last()?.state, 'ready');
});

test('keeper: what could not be undone is told and tried again, less and less often', async () => {
  // Goal: invariant 1. Method: a host that refuses for an hour, marks all the time; then it yields.
  let isStuck = true;
  const busy = (argv: readonly string[]) =>
    argv[1] === 'remove' && isStuck ? refusal('Device or resource busy') : null;
  const { toy, run, keeper, pass, ran, left, withdraw } = await startKeeper(busy);
  void run();
  await pass(10_000);
  withdraw();
  for (let minute = 0; minute < 60; minute += 1) {
    for (let marks = 0; marks < 5; marks += 1) {
      keeper.mark('host');
      await pass(12_000);
    }
  }
  const tries = count(ran, 'toy remove a');
  assert.ok(tries > 100 && tries < 160, `${tries} tries`);
  assert.deepEqual([left.at(-1)?.state, left.at(-1)?.problems.length], ['failed', 1]);
  assert.match(left.at(-1)?.problems[0] ?? '', /^toy-a: could not be undone/);
  isStuck = false;
  await pass(60_000);
  assert.deepEqual([...toy.items], []);
  assert.equal(left.at(-1), null);
  assert.equal(count(ran, 'toy remove a'), tries + 1);
});

test('keeper: consent that comes back while undoing fails starts the agent at once', async () => {
  // Goal: no back-off for a new wish. Method: give consent in the middle of the longest pause.
  const { run, pass, last, withdraw, give } = await startKeeper((argv) =>
    argv[1] === 'remove' ? refusal('busy') : null,
  );
  void run();
  await pass(10_000);
  withdraw();
  await pass(600_000);
  assert.equal(last()?.state, 'stopped');
  give();
  await pass(1);
  assert.equal(last()?.state, 'ready');
});

test('keeper: the end of the node leaves the host as it is', async () => {
  // Goal: invariant 2. Method: stop, with consent and while undoing fails.
  for (const isUndoing of [false, true]) {
    const { toy, run, pass, ran, withdraw, stop } = await startKeeper((argv) =>
      argv[1] === 'remove' ? refusal('busy') : null,
    );
    const ended = run();
    await pass(10_000);
    if (isUndoing) withdraw();
    await pass(10_000);
    const before = ran.length;
    stop.abort();
    await ended;
    assert.deepEqual([...toy.items], ['a']);
    assert.equal(ran.length, before);
  }
});

test('keeper: what an earlier daemon made is undone where nobody consents any more', async () => {
  // Goal: a crash between the consent and the undoing loses nothing. Method: a ledger with an entry
  // at start.
  const { toy, agent, run, pass, left, withdraw } = await startKeeper();
  toy.items.add('a');
  await agent.context.ledger.record({ 'toy-a': { kind: 'run', argv: ['toy', 'remove', 'a'] } });
  withdraw();
  void run();
  await pass(1_000);
  assert.deepEqual([...toy.items], []);
  assert.deepEqual(left, [null]);
});

test('keeper: a bug in a service ends it with that error', async () => {
  // Goal: no service that is silently without an agent. Method: a host whose answer throws.
  let isBroken = false;
  const { run, keeper, pass } = await startKeeper(() => {
    if (isBroken) throw new TypeError('a bug');
    return null;
  });
  const ended = assert.rejects(run(), /a bug/);
  await pass(10_000);
  isBroken = true;
  keeper.mark('host');
  await pass(1_000);
  await ended;
});
