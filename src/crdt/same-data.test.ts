import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameData } from './same-data.ts';
import { world } from './test-world.ts';

test('same data: what holds the same is the same, what differs anywhere is not', () => {
  // Goal: a view computed anew with the same content is known for it. Method: pairs of each kind,
  // asked both ways.
  const bytes = (...values: readonly number[]) => Uint8Array.from(values);
  for (const [a, b, isSame] of [
    [1, 1, true],
    [1, '1', false],
    [null, null, true],
    [null, {}, false],
    [undefined, null, false],
    [{ x: [1, { y: null }] }, { x: [1, { y: null }] }, true],
    [{ x: [1, { y: null }] }, { x: [1, { y: 0 }] }, false],
    [{ x: 1, z: undefined }, { x: 1 }, true],
    [{ x: 1 }, { x: 1, y: 2 }, false],
    [{ x: 1 }, { y: 1 }, false],
    [[1, 2], [1], false],
    [[], {}, false],
    [bytes(1, 2), bytes(1, 2), true],
    [bytes(1, 2), bytes(1, 3), false],
    [bytes(1), bytes(1, 0), false],
    [bytes(1), [1], false],
  ] as const) {
    assert.equal(isSameData(a, b), isSame, `${JSON.stringify(a)} ${JSON.stringify(b)}`);
    assert.equal(isSameData(b, a), isSame, `${JSON.stringify(b)} ${JSON.stringify(a)}`);
  }
});

test('same data: a view is told from the one after it, and not from its own twin', () => {
  // Goal: of use for views. Method: the same story told twice, and once with one more word.
  const story = () => world().invites('i').admits('a', 'i');
  assert.ok(isSameData(story().view(), story().view()));
  const more = story().as('a').says('member/drain', { drained: true }).view();
  assert.ok(!isSameData(story().view(), more));
});
