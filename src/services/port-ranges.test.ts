import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder, rangesText, without } from './port-ranges.ts';

test('port ranges: what is left without others is each port that is not among those', () => {
  // Goal: no port lost, none kept. Method: every pair of ranges of a few ports, port by port.
  const ranges = [1, 2, 3, 4, 5, 6].flatMap((first) =>
    [first, first + 1, first + 3].map((last): [number, number] => [first, last]),
  );
  const ports = (of: readonly (readonly [number, number])[]) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => of.some(([a, b]) => a <= n && n <= b));
  for (const a of ranges) {
    for (const b of ranges) {
      for (const c of ranges) {
        const others = inOrder([b, c]);
        const taken = new Set(ports(others));
        const left = without([a], others);
        assert.deepEqual(
          ports(left),
          ports([a]).filter((n) => !taken.has(n)),
        );
        assert.deepEqual(left, inOrder(left));
      }
    }
  }
  assert.equal(rangesText(without([[10, 20]], [[12, 12]])), '10-11,13-20');
});
