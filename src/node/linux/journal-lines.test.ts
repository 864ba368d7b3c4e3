import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalCursor, readJournalLines } from './journal-lines.ts';

/** As journalctl 252 (Debian 12) prints it with `--output=json --output-fields=MESSAGE`. */
const CURSOR =
  's=0639bd5a4bb94ac9a7f8a91d36c2a3fe;i=4a1;b=9a2ad1cf4f6b4d8f9d3c2b1a0f9e8d7c;' +
  'm=1c5e6f2;t=61f5b1a2c3d4e;x=8b1c2d3e4f5a6b7c';
const entry = (message: unknown): string =>
  JSON.stringify({
    __REALTIME_TIMESTAMP: '1795899076000000',
    _BOOT_ID: '9a2ad1cf4f6b4d8f9d3c2b1a0f9e8d7c',
    MESSAGE: message,
    __MONOTONIC_TIMESTAMP: '29746930',
    __CURSOR: CURSOR,
  });

test('journal lines: texts, bytes that are none, and messages that are missing', () => {
  // Goal: what a unit prints comes through. Method: each form, and lines that are no entry.
  const printed = [entry('{"level":"info"}'), entry([104, 195, 164]), entry(null), '{"x":1}', ''];
  assert.deepEqual(readJournalLines(printed.join('\n')), [
    { text: '{"level":"info"}', cursor: CURSOR },
    { text: 'hä', cursor: CURSOR },
    { text: '', cursor: CURSOR },
  ]);
});

test('journal lines: only cursors of the journal go into a command line', () => {
  // Goal: no flag and no path by way of a cursor. Method: a real one, then by table.
  assert.equal(journalCursor(CURSOR), CURSOR);
  const odd = ['', '--flush', 's=1 --flush', 's=/etc', 's=1\n', `s=${'a'.repeat(400)}`, '1-2'];
  for (const text of odd) assert.equal(journalCursor(text), null, text);
});
