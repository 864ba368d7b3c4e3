import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrongBy } from './join-clock.ts';

test('join clock: most of those that answered say whose clock is wrong, by table', () => {
  // Goal: no single member decides. Method: how far ours is ahead of theirs, in seconds.
  const cases: readonly (readonly [aheadsS: readonly number[], wrongS: number | null])[] = [
    [[], null],
    [[10], null],
    [[-11], -11],
    [[7_200], 7_200],
    [[7_200, 0], null],
    [[7_200, 7_201, 0], 7_201],
    [[7_200, 0, 0], null],
    [[-60, -61, -62], -61],
  ];
  for (const [aheadsS, wrongS] of cases) {
    const wrongMs = wrongBy(aheadsS.map((seconds) => seconds * 1_000));
    assert.equal(wrongMs, wrongS === null ? null : wrongS * 1_000, aheadsS.join());
  }
});
