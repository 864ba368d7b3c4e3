/** A line that the terminal does not show. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { readHidden, type Terminal } from './hidden-input.ts';

/** A terminal that types the chunks given, and notes its modes. */
const typing = async (...chunks: readonly (string | Uint8Array)[]) => {
  const modes: boolean[] = [];
  const keys = new EventEmitter();
  const terminal = Object.assign(keys, {
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
    resume: () => undefined,
    pause: () => undefined,
  });
  const line = readHidden(terminal as unknown as Terminal);
  for (const chunk of chunks) keys.emit('data', Buffer.from(chunk as string));
  return { line: await line, modes, listeners: keys.listenerCount('data') };
};

test('hidden input: lines, erasing keys and giving up', async () => {
  // Goal: typing as everywhere else. Method: by table of keys, a letter in two parts among them.
  const cases: readonly [readonly (string | Uint8Array)[], string | null][] = [
    [['a', 'b c', '\r'], 'ab c'],
    [['word\n'], 'word'],
    [['wörX\u007fd\r'], 'wörd'],
    [[new Uint8Array([0xc3]), new Uint8Array([0xb6]), '\r'], 'ö'],
    [['wrong\u0015right\r'], 'right'],
    [['\u007f\b\r'], ''],
    [['ab\u0003'], null],
    [['\u0004'], null],
    [['ab\u0004'], 'ab'],
  ];
  for (const [chunks, expected] of cases) {
    const { line, modes, listeners } = await typing(...chunks);
    assert.equal(line, expected);
    assert.deepEqual(modes, [true, false]);
    assert.equal(listeners, 0);
  }
});
