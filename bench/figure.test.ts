/** What is said of a figure, and whether its limits are kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Figure, type Limit, rounded, summariesOf, verdictsOf } from './figure.ts';

const figure = (limits: readonly Limit[]): Figure => ({
  name: 'ready',
  unit: 'ms',
  series: [
    { name: 'ours', samples: [{ value: 10, cpuMs: 4 }, { value: 30, cpuMs: 8 }, { value: 20 }] },
    { name: 'theirs', samples: [{ value: 20 }, { value: 60 }, { value: 10 }] },
  ],
  limits,
});

test('a series is summed up by median, spread, CPU time and ratio', () => {
  // Goal: a table shows what was measured. Method: two small series, by hand.
  assert.deepEqual(summariesOf(figure([])), [
    { name: 'ours', median: 20, min: 10, max: 30, p99: 30, rounds: 3, cpuMs: 6, ratio: null },
    { name: 'theirs', median: 20, min: 10, max: 60, p99: 60, rounds: 3, cpuMs: null, ratio: 0.5 },
  ]);
});

test('limits hold or do not', () => {
  // Goal: a missed limit fails the command. Method: each kind of limit, kept at its very bound and,
  // as a twin, missed by little; what was not measured is not kept.
  const cases: readonly [Limit, Limit, string][] = [
    [
      { of: 'median', series: 'ours', atMost: 20 },
      { of: 'median', series: 'ours', atMost: 19.9 },
      'ready: median of ours ≤ 19.9 ms: 20 ms',
    ],
    [
      { of: 'p99', series: 'ours', atMost: 30 },
      { of: 'p99', series: 'ours', atMost: 29 },
      'ready: p99 of ours ≤ 29 ms: 30 ms',
    ],
    [
      { of: 'worst', series: 'ours', atMost: 30 },
      { of: 'worst', series: 'ours', atMost: 29 },
      'ready: worst of ours ≤ 29 ms: 30 ms',
    ],
    [
      { of: 'worst', series: 'ours', atLeast: 10 },
      { of: 'worst', series: 'ours', atLeast: 11 },
      'ready: worst of ours ≥ 11 ms: 10 ms',
    ],
    [
      { of: 'ratio', to: 'theirs', atLeast: 0.5, atMost: 2 },
      { of: 'ratio', to: 'nobody', atLeast: 0.5, atMost: 2 },
      'ready: ratio to nobody ≥ 0.5, ≤ 2: not measured',
    ],
  ];
  for (const [kept, missed, text] of cases) {
    assert.equal(verdictsOf(figure([kept]))[0]?.isKept, true, text);
    assert.deepEqual(verdictsOf(figure([missed])), [{ text, isKept: false }]);
  }
});

test('numbers are short', () => {
  // Goal: tables can be read. Method: by table.
  const cases: readonly [number, string][] = [
    [0.91234, '0.912'],
    [3, '3'],
    [38.44, '38.4'],
    [112.069, '112'],
    [12345.6, '12346'],
  ];
  for (const [value, text] of cases) assert.equal(rounded(value), text);
});
