import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showCommand } from './show-command.ts';

test('lines of both streams are handed on, and failure is told from success', async () => {
  // Goal: the user sees what happens. Method: a script on both streams, exit 0 and 4; a missing
  // one.
  const lines: string[] = [];
  const show = (line: string): void => void lines.push(line);
  assert.equal(await showCommand(['sh', '-c', 'echo one; echo two >&2'], show), true);
  assert.deepEqual(lines.sort(), ['one', 'two']);
  assert.equal(await showCommand(['sh', '-c', 'exit 4'], show), false);
  assert.equal(await showCommand(['no-such-tool-anywhere'], show), false);
});
