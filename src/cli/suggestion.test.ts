import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord } from './suggestion.ts';

const WORDS = ['list', 'revoke', 'rename', 'label', 'status', 'start', 'restart', 'stop'];

test('nearest word: what was probably meant, and nothing that was not', () => {
  // Goal: a slip is understood, another word is not. Method: letters lost, added, swapped, wrong.
  const table = [
    ['lst', 'list'],
    ['renam', 'rename'],
    ['stauts', 'status'],
    ['sta', null],
    ['rev', 'revoke'],
    ['lits', 'list'],
    ['relabel', 'label'],
    ['vm1', null],
    ['frobnicate', null],
    ['', null],
  ] as const;
  for (const [typed, meant] of table) assert.equal(nearestWord(typed, WORDS), meant, typed);
});
