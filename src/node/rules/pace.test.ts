import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, nextLookMs, type Outcome, problemsOf, stateAfter } from './pace.ts';

const inStep: Outcome = { failure: null, problems: [], notes: [], remaining: [], recheckMs: null };
const waiting: Outcome = { ...inStep, remaining: ['start it'], recheckMs: 200 };
const stuck: Outcome = { ...inStep, remaining: ['do it'] };
const refused: Outcome = { ...stuck, failure: 'no', recheckMs: 200 };
const troubled: Outcome = { ...inStep, problems: ['foreign'] };
const noted: Outcome = { ...inStep, notes: ['no nft'] };

test('back-off doubles from 1 s to 30 s, spread by a fifth', () => {
  // Goal: the pauses of the contract. Method: tries by table, at both ends of the spread.
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 60].map((tries) => backoffMs(tries, 0.5)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.deepEqual([backoffMs(1, 0), backoffMs(6, 0)], [800, 24_000]);
});

const LOOKS = [
  ['in step: the regular read-back', inStep, 1, 300_000],
  ['in step, asked for earlier', { ...inStep, recheckMs: 700 }, 1, 700],
  ['in step, asked for later than regular', { ...inStep, recheckMs: 900_000 }, 1, 300_000],
  ['a problem that no command helps', troubled, 4, 300_000],
  ['about to appear', waiting, 10, 200],
  ['not appearing', waiting, 11, 1_000],
  ['not appearing for long', waiting, 13, 4_000],
  ['stuck', stuck, 2, 2_000],
  ['refused: the early look does not hurry it', refused, 3, 4_000],
] as const;

test('the next look comes as early as it may help', () => {
  // Goal: neither spinning nor sleeping through. Method: outcomes by table.
  for (const [why, outcome, tries, expected] of LOOKS) {
    assert.equal(nextLookMs(outcome, tries, 0.5), expected, why);
  }
});

const STATES = [
  [inStep, 1, false, 'ready', []],
  [waiting, 1, false, 'starting', []],
  [
    waiting,
    1,
    true,
    'degraded',
    ['not in step after applying; it would take: start it; trying on'],
  ],
  [
    waiting,
    11,
    false,
    'degraded',
    ['not in step after applying; it would take: start it; trying on'],
  ],
  [stuck, 1, false, 'degraded', ['not in step after applying; it would take: do it; trying on']],
  [troubled, 1, false, 'degraded', ['foreign']],
  [noted, 1, false, 'ready', ['no nft']],
  [refused, 1, true, 'failed', ['no']],
] as const;

test('ready is said only when it is true', () => {
  // Goal: each state and its problems. Method: outcomes by table.
  for (const [outcome, tries, wasReady, expected, problems] of STATES) {
    const state = stateAfter(outcome, tries, wasReady);
    assert.equal(state, expected);
    assert.deepEqual(problemsOf(outcome, state), problems);
  }
});
