import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

/** Runs that end when they are told to. */
function stage() {
  const begun: string[] = [];
  const open = new Map<string, PromiseWithResolvers<number>>();
  const turns = createTurns((key: string) => {
    begun.push(key);
    const run = Promise.withResolvers<number>();
    assert.ok(!open.has(key), `two at a time for ${key}`);
    open.set(key, run);
    return run.promise.finally(() => open.delete(key));
  });
  const end = (key: string, result: number): void => open.get(key)?.resolve(result);
  const fail = (key: string): void => open.get(key)?.reject(new Error('failed'));
  return { begun, turns, end, fail };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

test('turns: one at a time for a key, and one more for all who asked meanwhile', async () => {
  // Goal: no wish is lost or served by a run that began before it. Method: three wishes, two runs.
  const { begun, turns, end } = stage();
  const first = turns('a');
  const [second, third] = [turns('a'), turns('a')];
  await settle();
  assert.deepEqual(begun, ['a']);
  end('a', 1);
  assert.equal(await first, 1);
  await settle();
  assert.deepEqual(begun, ['a', 'a']);
  const fourth = turns('a');
  end('a', 2);
  assert.deepEqual(await Promise.all([second, third]), [2, 2]);
  await settle();
  end('a', 3);
  assert.equal(await fourth, 3);
  void turns('a');
  assert.equal(begun.length, 4);
});

test('turns: keys do not wait for each other', () => {
  // Goal: a slow one holds up only itself. Method: two keys, none ended.
  const { begun, turns } = stage();
  void turns('a');
  void turns('b');
  assert.deepEqual(begun, ['a', 'b']);
});

test('turns: a run that fails is no end', async () => {
  // Goal: the next has its turn. Method: fail the first of two, then ask once more.
  const { turns, end, fail } = stage();
  const first = turns('a');
  const second = turns('a');
  fail('a');
  await assert.rejects(first, /failed/);
  await settle();
  end('a', 2);
  assert.equal(await second, 2);
});
