import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeter, UNMETERED } from '../../crdt/meter.ts';
import { listed, PAUSE } from './listing.ts';

const all = (text: string): readonly unknown[] => [...listed(text, UNMETERED)];

test('a listing is read as JSON.parse reads it, however long', () => {
  // Goal: no object is cut or lost. Method: short, empty, spaced out, and of several parts with
  // strings that hold all that JSON is made of.
  const odd = ['"', '\\', '\\"', '}, {"rule": {', ']}', ',', '{[', 'ä\n', ''];
  const rules = Array.from({ length: 8_000 }, (_, n) => ({
    rule: { comment: `${odd[n % odd.length]}${n}`, expr: [{ a: [n, { b: odd }] }, { c: null }] },
  }));
  for (const objects of [[], [{ metainfo: {} }], rules]) {
    const listing = { nftables: objects };
    assert.deepEqual(all(JSON.stringify(listing)), objects);
    assert.deepEqual(all(` ${JSON.stringify(listing, null, 2)}\n`), objects);
    // In pieces it is the same, with pauses where it is long.
    const pieces = [...listed(JSON.stringify(listing), openMeter())];
    assert.deepEqual(
      pieces.filter((each) => each !== PAUSE),
      objects,
    );
    assert.equal(pieces.includes(PAUSE), objects === rules);
  }
});

test('what is no listing ends with null, wherever it is torn', () => {
  // Goal: never a guess. Method: a table, and each beginning of a listing.
  const whole = JSON.stringify({ nftables: [{ rule: { comment: '}]' } }, { set: {} }] });
  const torn = Array.from(whole, (_, length) => whole.slice(0, length));
  const others = [
    '[]',
    'null',
    '{"nftables":{}}',
    '{"nftables":[{}],"more":1}',
    '{"nftables":[{},]}',
  ];
  for (const text of [...torn, ...others, `${whole}x`, whole.replace(',', ' ')]) {
    assert.equal(all(text).at(-1), null, text);
  }
  assert.notEqual(all(whole).at(-1), null);
});
