import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../crdt/test-world.ts';
import type { Ports } from '../ports.ts';
import type { LoopContext, ServiceLoop } from '../services/loop.ts';
import { createCompanion } from './companion.ts';
import { createTime } from './test-time.ts';

/** A companion of a loop that only waits, and what it was given. */
function stage(loop?: ServiceLoop) {
  const { clock, pass } = createTime();
  const seen = {
    shown: 0,
    before: [] as (string | undefined)[],
    said: [] as string[],
    isWanted: true,
    given: null as LoopContext | null,
  };
  const waiting: ServiceLoop = async (_ports, context, signal) => {
    seen.given = context;
    while (!signal.aborted) await context.wait(null, signal);
  };
  const view = world().view();
  const companion = createCompanion(
    { clock } as unknown as Ports,
    { name: 'toy', loop: loop ?? waiting },
    {
      ...{ self: idOf('founder'), view: () => view, mayRun: () => false },
      words: { say: (of, text) => void seen.said.push(`${of} ${text}`), of: () => new Map() },
      liveness: { sight: () => ({ mesh: 'dead', own: 'unreached' }) },
      isWanted: () => seen.isWanted,
      onShow: (before) => {
        seen.shown += 1;
        seen.before.push(before.get('a'));
      },
    },
  );
  return { companion, seen, pass };
}

test('companion: what a loop shows is news once, and gone with its service', async () => {
  // Goal: agents are marked by news alone. Method: a loop shows the same twice, something else,
  // and ends as the node stops, which changes nothing on its host; twin: as its service is not
  // wanted any more, which takes back what it showed and said.
  for (const isWanted of [true, false]) {
    const { companion, seen, pass } = stage();
    assert.equal(companion.sights().size, 0);
    const stop = new AbortController();
    const done = companion.run(stop.signal);
    await pass(1);
    const context = seen.given ?? assert.fail();
    context.show(new Map([['a', 'up']]));
    context.show(new Map([['a', 'up']]));
    assert.deepEqual([seen.shown, companion.sights().get('a')], [1, 'up']);
    context.show(new Map([['a', 'down']]));
    assert.deepEqual([seen.shown, companion.sights().get('a')], [2, 'down']);
    assert.deepEqual(seen.before, [undefined, 'up']);
    context.say('hello');
    assert.deepEqual(
      [context.liveliness(idOf('founder')), context.liveliness(idOf('vm2'))],
      ['alive', 'dead'],
    );
    seen.isWanted = isWanted;
    stop.abort();
    await pass(1);
    await done;
    assert.equal(companion.sights().size, isWanted ? 1 : 0);
    assert.deepEqual(seen.said, isWanted ? ['toy hello'] : ['toy hello', 'toy ']);
  }
});

test('companion: a loop that waits wakes when it is marked, and not before', async () => {
  // Goal: no clock runs in vain. Method: a loop that counts its turns, in an hour, then a mark.
  let turns = 0;
  const { companion, pass } = stage(async (_ports, context, signal) => {
    for (; !signal.aborted; turns += 1) await context.wait(3_600_000, signal);
  });
  const stop = new AbortController();
  const done = companion.run(stop.signal);
  await pass(1_000_000);
  assert.equal(turns, 0);
  companion.mark();
  await pass(1);
  assert.equal(turns, 1);
  stop.abort();
  await pass(1);
  await done;
});
