import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareMonitors } from './monitors.ts';

/** A port that tells what it runs, and whose monitors say and end what the test wants. */
const openMonitors = () => {
  const runs: { argv: string; say: (line: string) => void; end: () => void; isOver: boolean }[] =
    [];
  const lines = shareMonitors({
    lines: async (argv, onLine, signal) => {
      const over = Promise.withResolvers<void>();
      const run = { argv: argv.join(' '), say: onLine, end: () => over.resolve(), isOver: false };
      runs.push(run);
      signal.addEventListener('abort', () => over.resolve(), { once: true });
      await over.promise;
      run.isOver = true;
    },
  });
  const follow = (name: string, ...argv: string[]) => {
    const stop = new AbortController();
    const heard: string[] = [];
    const done = lines(argv, (line) => heard.push(line), stop.signal);
    return { name, heard, done, stop: () => stop.abort() };
  };
  return { runs, follow };
};

test('monitors: who follows the same shares a process, to the end of the last', async () => {
  // Goal: one process for equal arguments. Method: two followers of one and one of another; they
  // leave one by one, and one comes back.
  const { runs, follow } = openMonitors();
  const a = follow('a', 'nft', 'monitor');
  const b = follow('b', 'nft', 'monitor');
  const other = follow('c', 'nft', 'monitor', 'rules');
  const argvs = () => runs.map(({ argv }) => argv);
  assert.deepEqual(argvs(), ['nft monitor', 'nft monitor rules']);
  runs[0]?.say('one');
  a.stop();
  await a.done;
  assert.equal(runs[0]?.isOver, false);
  runs[0]?.say('two');
  assert.deepEqual([a.heard, b.heard, other.heard], [['one'], ['one', 'two'], []]);
  b.stop();
  await b.done;
  assert.equal(runs[0]?.isOver, true);
  const again = follow('a', 'nft', 'monitor');
  assert.equal(runs.length, 3);
  again.stop();
  other.stop();
  await Promise.all([again.done, other.done]);
});

test('monitors: one that ends has ended for all, and is run anew for who comes then', async () => {
  // Goal: nobody waits for a monitor that is no more. Method: it ends; one of both follows again.
  const { runs, follow } = openMonitors();
  const [a, b] = [follow('a', 'nft', 'monitor'), follow('b', 'nft', 'monitor')];
  runs[0]?.end();
  await Promise.all([a.done, b.done]);
  const again = follow('a', 'nft', 'monitor');
  assert.equal(runs.length, 2);
  runs[1]?.say('here');
  assert.deepEqual([a.heard, again.heard], [[], ['here']]);
  again.stop();
  await again.done;
  assert.equal(runs[1]?.isOver, true);
});
