import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, plainBody, plainJson, plainText, shorten, wrapText } from './plain-text.ts';

test('plain text: nothing in it moves, paints or turns a terminal', () => {
  // Goal: a hostile name is only ugly. Method: each kind of character that is more than itself.
  assert.equal(plainText('vm\n2\u001b[31m\u009b2J\u2028x'), 'vm 2 [31m 2J x');
  assert.equal(plainText('a\u202eb\u200bc\ud800'), 'a�b�c�');
  assert.equal(plainText('wëb-東京 ✓'), 'wëb-東京 ✓');
  const body = { 'a\u001b': ['x\u0007', { b: 1, c: null, d: true }] };
  assert.deepEqual(plainBody(body), { 'a ': ['x ', { b: 1, c: null, d: true }] });
});

test('plain JSON: says the same, in characters that are harmless', () => {
  // Goal: `-o json` on a terminal. Method: read back; and no such character is in the text.
  const body = { name: 'a\u009b1m\u202e\u{e0041}\u007f', list: ['\u2028'] };
  const text = plainJson(body);
  assert.deepEqual(JSON.parse(text), body);
  assert.doesNotMatch(text, /[^\x20-\x7e]/);
  assert.equal(plainJson({ city: '東京' }), '{"city":"東京"}');
});

test('columns: two for East Asian characters and emoji, none for marks', () => {
  // Goal: columns stay in line. Method: a table of texts.
  const table = [
    ['vm1', 3],
    ['', 0],
    ['東京', 4],
    ['한국', 4],
    ['ｖｍ', 4],
    ['e\u0301', 1],
    ['🚀x', 3],
    ['café-1', 6],
  ] as const;
  for (const [text, columns] of table) assert.equal(columnsOf(text), columns, text);
});

test('shorten: never wider than asked, never half a character', () => {
  // Goal: both ends stay. Method: every width of a mixed text.
  const text = 'ab東京cd🚀';
  for (let columns = 1; columns <= 12; columns += 1) {
    const shown = shorten(text, columns);
    assert.ok(columnsOf(shown) <= columns, `${columns}: ${shown}`);
    assert.equal(shown, shown.toWellFormed());
  }
  assert.equal(shorten(text, 10), text);
  assert.equal(shorten(text, 7), 'ab…d🚀');
});

test('wrap: at blanks, and a long word stays whole', () => {
  // Goal: sentences fit. Method: one that wraps twice; one word that cannot.
  assert.equal(wrapText('one two three four', 9, '  '), 'one two\n  three\n  four');
  assert.equal(wrapText('fd12:3456:789a::1', 5), 'fd12:3456:789a::1');
});
