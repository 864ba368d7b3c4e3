import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonInParts } from './json-parts.ts';

test('a long list is spelt in several turns, and as it would be at once', async () => {
  // Goal: nobody waits for it, and nobody sees it. Method: lists around the length of a part, with
  // what JSON spells otherwise in a list, and a chain of immediates that counts the turns.
  for (const length of [0, 1, 999, 1_000, 1_001, 2_000, 3_500]) {
    const odd = [undefined, null, 'ä "x"', { a: [1, undefined] }];
    const list = Array.from({ length }, (_, n) => (n < 4 ? odd[n] : { n }));
    let [turns, isOver] = [0, false];
    const tick = (): void => {
      turns += 1;
      if (!isOver) setImmediate(tick);
    };
    tick();
    const parts = await jsonInParts(list);
    isOver = true;
    assert.equal(Buffer.concat(parts).toString(), `${JSON.stringify(list)}\n`);
    assert.equal(turns >= length / 1_000, true, `${turns} turns for ${length}`);
  }
  assert.equal(Buffer.concat(await jsonInParts({ a: 1 })).toString(), '{"a":1}\n');
});

test('what happens to a list while it is spelt is not half seen', async () => {
  // Goal: an answer is of one moment. Method: a list that is emptied and filled after the first
  // turn.
  const list = Array.from({ length: 3_000 }, (_, n) => n);
  const expected = `${JSON.stringify(list)}\n`;
  const spelling = jsonInParts(list);
  setImmediate(() => list.splice(0, 2_500, -1));
  assert.equal(Buffer.concat(await spelling).toString(), expected);
});
