import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, refusal, startToy } from './test-agent-toy.ts';

test('news that asks for nothing leaves the host alone, and puts no look off', async () => {
  // Goal: most news of the mesh is not for this service. Method: news while in step, for longer
  // than the regular read-back is away; a wish; news with a line; and a mark, which always looks.
  const { toy, begin, pass, ran, emit, reports } = await startToy();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  const looks = count(ran, 'toy list');
  const told = reports.length;
  for (let n = 0; n < 28; n++) {
    agent.mark('news');
    await pass(10_000);
  }
  assert.equal(count(ran, 'toy list'), looks);
  assert.equal(reports.length, told + 28);
  assert.ok(toy.elapsedMs > 270_000, `${toy.elapsedMs} ms later`);
  agent.mark('news');
  await pass(20_000);
  assert.equal(count(ran, 'toy list'), looks + 1);
  toy.wanted = ['a', 'b'];
  agent.mark('news');
  await pass(50);
  assert.deepEqual([...toy.items], ['a', 'b']);
  await pass(10_000);
  toy.items.delete('a');
  agent.mark('news');
  emit();
  await pass(1_000);
  assert.deepEqual([...toy.items], ['b', 'a']);
  await pass(10_000);
  const before = count(ran, 'toy list');
  agent.mark('host');
  await pass(50);
  assert.equal(count(ran, 'toy list'), before + 1);
});

test('what news asks for and may be done blindly comes before the look', async () => {
  // Goal: in force one process sooner, and read back all the same. Method: an item that may be
  // added blindly; one that the host refuses once, which the look then asks for again; a stranger's
  // item that came unseen, which the look finds; the twin: an item that may not.
  let isRefusing = false;
  const world = await startToy((argv) => (isRefusing && argv[1] === 'add' ? refusal('no') : null));
  const { toy, begin, pass, ran, last } = world;
  [toy.wanted, toy.isBlind] = [['a'], true];
  const agent = begin();
  await pass(10_000);
  const steps = async (
    wanted: readonly string[],
    durationMs: number,
  ): Promise<readonly string[]> => {
    const before = ran.length;
    toy.wanted = wanted;
    agent.mark('news');
    await pass(durationMs);
    return ran.slice(before).filter((step) => step !== 'ledger');
  };
  assert.deepEqual(await steps(['a', 'b'], 50), ['toy add b']);
  assert.equal(last()?.changes, 0, 'not told before it was read back');
  assert.deepEqual(await steps(['a', 'b'], 10_000), ['toy list'], 'more news; no look at our echo');
  assert.equal(last()?.changes, 1);
  toy.items.add('stray');
  assert.deepEqual(await steps(['a', 'b', 'c'], 500), [
    ...['toy add c', 'toy list', 'toy remove stray', 'toy list'],
  ]);
  const told = world.logged.filter(({ event }) => event === 'drift-repaired');
  assert.deepEqual(
    told.map(({ facts }) => facts),
    [JSON.stringify({ service: 'toy', found: ['toy remove stray'] })],
  );
  await pass(10_000);
  isRefusing = true;
  assert.deepEqual(await steps(['a', 'b', 'c', 'd'], 50), [
    ...['toy add d', 'toy list', 'toy add d', 'toy list'],
  ]);
  assert.equal(last()?.state, 'failed');
  isRefusing = false;
  await pass(10_000);
  assert.equal(last()?.state, 'ready');
  toy.isBlind = false;
  assert.deepEqual(await steps(['a', 'b', 'c', 'd', 'e'], 50), [
    ...['toy list', 'toy add e', 'toy list'],
  ]);
});

test('what is of others is not read for news, nor to verify', async () => {
  // Goal: news costs no more than it has to. Method: a probe of others beside the usual one.
  const { toy, agent, begin, pass, ran } = await startToy();
  const others = { name: 'others', argv: ['toy', 'others'], isOfOthers: true } as const;
  const list = { name: 'list', argv: ['toy', 'list'] };
  Object.assign(agent.service, { probes: () => [list, others] });
  const running = begin();
  await pass(10_000);
  const before = count(ran, 'toy others');
  const looks = count(ran, 'toy list');
  toy.wanted = ['a'];
  running.mark('news');
  await pass(50);
  assert.deepEqual([...toy.items], ['a']);
  assert.equal(count(ran, 'toy list'), looks + 2);
  assert.equal(count(ran, 'toy others'), before);
  running.mark('host');
  await pass(50);
  assert.equal(count(ran, 'toy others'), before + 1);
});
