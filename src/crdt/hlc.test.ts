import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COUNTER_MAX, compareHlc, type Hlc, isAhead, maxHlc, nextHlc } from './hlc.ts';

describe('hlc', () => {
  it('gives stamps above what was seen, by table', () => {
    // Goal: invariant 1, and no counter that nobody takes. Method: seen, wall clock, next.
    const cases: readonly (readonly [seen: Hlc, wallMs: number, next: Hlc])[] = [
      [[0, 0], 5, [5, 0]],
      [[5, 7], 6, [6, 0]],
      [[5, 7], 5, [5, 8]],
      [[5, 7], 4, [5, 8]],
      [[5, COUNTER_MAX - 1], 5, [5, COUNTER_MAX]],
      [[5, COUNTER_MAX], 5, [6, 0]],
    ];
    for (const [seen, wallMs, next] of cases) {
      assert.deepEqual(nextHlc(seen, wallMs), next);
      assert.ok(compareHlc(next, seen) > 0);
      assert.equal(maxHlc(seen, next), next);
      assert.equal(maxHlc(next, seen), next);
    }
  });

  it('calls a stamp ahead only beyond 10 s', () => {
    // Goal: the limit of FORMATS, "Order", exactly. Method: the two sides of it.
    assert.equal(isAhead([110_000, COUNTER_MAX], 100_000), false);
    assert.equal(isAhead([110_001, 0], 100_000), true);
    assert.equal(isAhead([1, 0], 100_000), false);
  });
});
