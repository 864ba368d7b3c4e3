import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSequence } from './sequence.ts';

test('tasks of one key run one after the other, in call order, also after a failure', async () => {
  // Goal: order and isolation of failures. Method: the first two tasks take longer, the second
  // fails.
  const inOrder = openSequence();
  const seen: string[] = [];
  const task =
    (name: string, ticks: number, fails = false) =>
    async (): Promise<string> => {
      seen.push(`${name} starts`);
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const runs = [
    inOrder('k', task('a', 5)),
    inOrder('k', task('b', 3, true)),
    inOrder('k', task('c', 0)),
  ];
  const results = await Promise.allSettled(runs);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(seen, ['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
});

test('tasks of two keys do not wait for each other', async () => {
  // Goal: independence. Method: a task of one key that waits for a task of another key.
  const inOrder = openSequence();
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = inOrder('a', () => gate);
  await inOrder('b', async () => open());
  await first;
});
