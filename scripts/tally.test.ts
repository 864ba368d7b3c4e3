/** The counts that the test command prints at its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tallyOf } from './tally.ts';

const NODE = (pass: number, fail: number, cancelled = 0): string =>
  `ℹ tests 9\nℹ pass ${pass}\nℹ fail ${fail}\nℹ cancelled ${cancelled}\n`;

const CASES: readonly [string, string, boolean, number, number][] = [
  ['node:test', NODE(7, 0), true, 7, 0],
  ['node:test with failures', NODE(5, 1, 1), false, 5, 2],
  ['a run of scenarios', 'x 3 passed, 9 failed\n12 passed, 0 failed\n', true, 12, 0],
  ['the last line counts', '1 passed, 0 failed\n12 passed, 1 failed\n', false, 12, 1],
  ['no counts, passed', 'tidy: 40 files', true, 1, 0],
  ['no counts, failed', 'a.ts:1: line', false, 0, 1],
  ['counted as passed, yet it failed', NODE(7, 0), false, 7, 1],
];

for (const [why, output, isPassed, passed, failed] of CASES) {
  test(`tally: ${why}`, () => {
    // Goal: no failure is ever lost from the count; by what the tiers really print.
    assert.deepEqual(tallyOf(output, isPassed), { passed, failed });
  });
}
