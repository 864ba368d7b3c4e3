import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readFlags, replayLine } from './flags.ts';

const run = promisify(execFile);
const PREFIX = 'npm run sim -- ';
const wordsOf = (line: string): readonly string[] => line.slice(PREFIX.length).split(' ');

test('replay: the line asks for the same run', () => {
  // Goal: nothing of a failing run is lost in its line. Method: lines read back, with and without
  // each part; what cannot be read is refused with the usage.
  const asked = ['--members', '5', '--minutes', '3'];
  const more = ['--scenario', 'leave', '--bug', 'no-removal'];
  for (const words of [asked, [...asked, ...more]]) {
    const flags = readFlags(words);
    for (const only of [null, [], [3, 7]]) {
      const line = replayLine(flags, 42, only);
      assert.ok(line.startsWith(PREFIX));
      const steps = only?.length === 0 ? [0] : only;
      const wanted = { ...flags, first: 42, seeds: 1, only: steps };
      assert.deepEqual(readFlags(wordsOf(line)), wanted, line);
    }
  }
  for (const wrong of [
    ['--first', 'x'],
    ['--bug', 'none'],
    ['--only', '1,b'],
  ]) {
    assert.throws(() => readFlags(wrong), /^Error: --\w+ \S+: .*\nnpm run sim/);
  }
});

test('replay: a failing seed prints a line that fails alike, and a smaller one', async () => {
  // Goal: what is printed is of use. Method: a planted bug, the command itself, and both lines that
  // it printed, run again.
  const words = ['--bug', 'no-removal', '--scenario', 'leave', '--members', '2', '--minutes', '1'];
  const said = await ask([...words, '--first', '1', '--seeds', '1']);
  const lines = [...said.matchAll(/^replay: (.+)$/gm)].map(([, line = '']) => line);
  assert.equal(lines.length, 2, said);
  assert.match(said, /^no-removal: found in /m);
  assert.match(said, /^smallest: /m);
  const [, failure = 'none'] = /FAILED\n(.+)$/m.exec(said) ?? [];
  for (const line of lines) {
    const again = await ask(wordsOf(line));
    assert.ok(again.includes(`FAILED\n${failure}\n`), again);
  }
});

async function ask(words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['sim/run.ts', ...words]);
  return stdout;
}
