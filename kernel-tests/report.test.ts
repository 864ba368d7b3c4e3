import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf, readLine } from './report.ts';

const outcome = (...lines: readonly string[]): ReturnType<typeof outcomeOf> =>
  outcomeOf(lines.map(readLine));

test('lines are read by their form', () => {
  // Goal: only whole lines of the protocol count. Method: table, with near misses.
  const noise = (text: string) => ({ kind: 'noise', text });
  const cases = [
    ['ok 1 - it boots', { kind: 'check', isPassed: true, name: 'it boots' }],
    ['not ok 12 - a - b', { kind: 'check', isPassed: false, name: 'a - b' }],
    ['1..7', { kind: 'end', count: 7 }],
    ['[ 1.2] ok 1 - it boots', noise('[ 1.2] ok 1 - it boots')],
    ['ok 1 -', noise('ok 1 -')],
    ['', noise('')],
  ] as const;
  for (const [line, expected] of cases) assert.deepEqual(readLine(line), expected);
});

test('a whole report counts its checks', () => {
  // Goal: numbers as printed. Method: one report that passed, one with a failure.
  assert.deepEqual(outcome('ok 1 - a', '', 'ok 2 - b', '1..2'), {
    passed: 2,
    failed: 0,
    why: null,
  });
  assert.deepEqual(outcome('ok 1 - a', 'not ok 2 - b', '1..2'), {
    passed: 1,
    failed: 1,
    why: null,
  });
});

test('a report that is not whole has failed', () => {
  // Goal: a machine that died or lost lines never passes. Method: table of torn reports.
  const cases = [
    { lines: [], why: /went away/ },
    { lines: ['ok 1 - a'], why: /went away/ },
    { lines: ['1..0'], why: /checked nothing/ },
    { lines: ['ok 1 - a', '1..2'], why: /counted 2 checks, 1 arrived/ },
    { lines: ['ok 1 - a', '1..1', '1..1'], why: /counted/ },
  ];
  for (const { lines, why } of cases) {
    const found = outcome(...lines);
    assert.equal(found.failed, 1, lines.join());
    assert.match(found.why ?? '', why);
  }
  assert.equal(outcome('not ok 1 - a').failed, 1);
});
