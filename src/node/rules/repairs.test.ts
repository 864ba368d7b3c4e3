import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterRepair, fightOf, NO_REPAIRS, type Repairs } from './repairs.ts';

/** Repairs of these things at these moments, in order. */
const repairsOf = (...moments: readonly (readonly [number, ...string[]])[]): Repairs =>
  moments.reduce((known, [nowMs, ...found]) => afterRepair(known, found, nowMs), NO_REPAIRS);

test('the fourth repair of one thing is a fight, and the pauses grow to half a minute', () => {
  // Goal: a slip is no fight. Method: repairs of one thing, a second apart.
  for (const [times, pauseMs] of [
    [3, null],
    [4, 2_000],
    [5, 4_000],
    [9, 30_000],
    [60, 30_000],
  ] as const) {
    const moments = Array.from({ length: times }, (_, n) => [n * 1_000, 'a'] as const);
    const fight = fightOf(repairsOf(...moments), 'vpn', times * 1_000);
    assert.equal(fight?.pauseMs ?? null, pauseMs, `${times} times`);
  }
});

test('different things, or the same now and then, are no fight', () => {
  // Goal: the twin. Method: five things at once; one thing every minute.
  const many = repairsOf([0, 'a', 'b', 'c'], [1, 'd', 'e']);
  assert.equal(fightOf(many, 'vpn', 2), null);
  const rare = [0, 1, 2, 3, 4].map((n) => [n * 60_000, 'a'] as const);
  assert.equal(fightOf(repairsOf(...rare), 'vpn', 240_001), null);
});

test('a fight is told, and over a minute after its last round', () => {
  // Goal: healed when it is. Method: before and after the end, by its own account.
  const repairs = repairsOf(
    [0, 'x was missing'],
    [1, 'x was missing'],
    [2, 'x was missing'],
    [3, 'x was missing', 'y'],
  );
  const fight = fightOf(repairs, 'vpn', 1_003);
  assert.match(
    fight?.problem ?? '',
    /^vpn: x was missing: repaired again and again, .* every 2 s$/,
  );
  assert.equal(fight?.leftMs, 59_000);
  assert.equal(fightOf(repairs, 'vpn', 1_003 + 59_000), null);
});
