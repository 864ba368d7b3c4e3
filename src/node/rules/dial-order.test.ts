import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialOrder } from './dial-order.ts';

const named = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ host: `10.0.0.${index}`, port: 7300 }));

test('dial order: the first dial is in the given order', () => {
  // Goal: best first. Method: lists of each length, none changed.
  for (const count of [0, 1, 2, 16]) assert.deepEqual(dialOrder(named(count), 0), named(count));
});

test('dial order: every endpoint is soon among the first four, the best always', () => {
  // Goal: nothing stays behind black holes. Method: for each length, who was tried in so many dials
  // as it takes at three others each.
  for (let count = 1; count <= 18; count += 1) {
    const tried = new Set<string>();
    for (let turn = 0; turn < Math.ceil((count - 1) / 3) || turn === 0; turn += 1) {
      const order = dialOrder(named(count), turn);
      assert.equal(order[0]?.host, '10.0.0.0');
      assert.equal(order.length, count);
      for (const { host } of order.slice(0, 4)) tried.add(host);
    }
    assert.equal(tried.size, count, `${count} endpoints`);
  }
});
