import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLineSplitter } from './line-splitter.ts';

for (const [name, chunks, expected] of [
  ['one line in pieces', ['a', 'b', 'c\n'], ['abc']],
  ['several lines in one piece', ['a\nb\n\nc\n'], ['a', 'b', '', 'c']],
  ['a last line without an end', ['a\nb'], ['a', 'b']],
  ['nothing', [], []],
  ['a line of the cap', [`${'x'.repeat(65536)}\n`], ['x'.repeat(65536)]],
  ['a line beyond the cap', ['x'.repeat(65536), 'yyy', 'zzz\nnext\n'], ['x'.repeat(65536), 'next']],
] as const) {
  test(`splitting: ${name}`, () => {
    // Goal: invariant 1 and whole lines. Method: chunks in, lines out.
    const lines: string[] = [];
    const splitter = openLineSplitter((line) => void lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.end();
    assert.deepEqual(lines, expected);
  });
}

test('a character that is cut by a chunk arrives whole', () => {
  // Goal: no broken text. Method: the bytes of one character, one at a time.
  const lines: string[] = [];
  const splitter = openLineSplitter((line) => void lines.push(line));
  for (const byte of Buffer.from('é😀\n')) splitter.push(Buffer.from([byte]));
  assert.deepEqual(lines, ['é😀']);
});
