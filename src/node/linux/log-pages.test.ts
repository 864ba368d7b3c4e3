import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PAGE_BYTES_MAX } from '../../log-book.ts';
import { openLogFile } from './log-file.ts';
import { noBook, openFileBook } from './log-pages.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-pages-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => join(root, `log-${++count}`);
const lineOf = (n: number): string => `{"line":${n}}`;

test('log pages: the last lines, then what comes after them, whole ones only', async () => {
  // Goal: a log is followed page by page. Method: more than asked for, a line that is being
  // written, then its end and more lines than the next page takes.
  const path = fresh();
  const book = openFileBook(path);
  writeFileSync(path, `${[1, 2, 3].map(lineOf).join('\n')}\n{"li`);
  const last = await book.page({ after: null, lines: 2 });
  assert.deepEqual(last.lines, [lineOf(2), lineOf(3)]);
  assert.deepEqual((await book.page({ after: null, lines: 0 })).cursor, last.cursor);
  const none = await book.page({ after: last.cursor, lines: 2 });
  assert.deepEqual(none, { lines: [], cursor: last.cursor });
  appendFileSync(path, `ne":4}\n${[5, 6].map(lineOf).join('\n')}\n`);
  const next = await book.page({ after: last.cursor, lines: 2 });
  assert.deepEqual(next.lines, [lineOf(4), lineOf(5)]);
  const end = await book.page({ after: next.cursor, lines: 2 });
  assert.deepEqual(end.lines, [lineOf(6)]);
});

test('log pages: a log that is turned over loses no line', async () => {
  // Goal: invariant 2. Method: our own writer with a small limit; a page after each few lines.
  const path = fresh();
  const log = openLogFile(path, 1_000);
  const book = openFileBook(path);
  const wanted = Array.from({ length: 400 }, (_, n) => lineOf(n));
  log.write(`${wanted[0]}\n`);
  let { lines: first, cursor } = await book.page({ after: null, lines: 10 });
  const seen = [...first];
  for (let n = 1; n < wanted.length; n += 1) {
    log.write(`${wanted[n]}\n`);
    if (n % 7 !== 0) continue;
    ({ lines: first, cursor } = await book.page({ after: cursor, lines: 1_000 }));
    seen.push(...first);
  }
  for (let page = 0; page < 3; page += 1) {
    ({ lines: first, cursor } = await book.page({ after: cursor, lines: 1_000 }));
    seen.push(...first);
  }
  assert.deepEqual(seen, wanted);
});

test('log pages: each is bounded, also where one line is longer', async () => {
  // Goal: invariant 1. Method: a line of three pages, with lines around it, read to the end.
  const path = fresh();
  const book = openFileBook(path);
  const long = 'x'.repeat(3 * PAGE_BYTES_MAX);
  writeFileSync(path, 'first\n');
  let { cursor } = await book.page({ after: null, lines: 1 });
  appendFileSync(path, `${long}\nlast\n`);
  const seen: string[] = [];
  for (let page = 0; page < 8; page += 1) {
    const { lines, cursor: next } = await book.page({ after: cursor, lines: 1_000 });
    assert.ok(lines.join('\n').length <= PAGE_BYTES_MAX);
    seen.push(...lines);
    cursor = next;
  }
  assert.equal(seen.join(''), `${long}last`);
  const { lines } = await book.page({ after: null, lines: 1_000 });
  assert.deepEqual(lines, ['last']);
});

test('log pages: odd cursors begin anew, no log is told', async () => {
  // Goal: a cursor of another daemon, or of nobody, is harmless. Method: by table.
  const path = fresh();
  const book = openFileBook(path);
  await assert.rejects(book.page({ after: null, lines: 1 }), /^Fault: log: .*: no log is there; /);
  writeFileSync(path, 'one\ntwo\n');
  const { cursor } = await book.page({ after: null, lines: 0 });
  const [inode] = cursor.split('-');
  const odd = ['', 'x', '-', '1-4', `${inode}-`, `${inode}-x`, `${inode}--4`, `${inode}-99`];
  for (const text of [...odd, `${inode}-1e99`, 's=1;i=2']) {
    const { lines } = await book.page({ after: text, lines: 9 });
    assert.deepEqual(lines, ['one', 'two'], text);
  }
  await assert.rejects(noBook.page({ after: null, lines: 1 }), /^Fault: log: standard output: /);
});
