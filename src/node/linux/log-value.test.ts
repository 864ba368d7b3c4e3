import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../fault.ts';
import { clean } from './log-value.ts';

test('a token is not written, wherever in a text it stands', () => {
  // Goal: invariant 2 for what has a form of its own. Method: one inside of a sentence.
  const told = clean('', { text: 'got cnsmo1_abcDEF012-3_x, bad' }, 0);
  assert.deepEqual(told, { text: 'got (token), bad' });
});

test('every kind of value has a form', () => {
  // Goal: total. Method: one of each, and a record that contains itself.
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const fault = new Fault('refused', { field: 'f', value: 'v', why: 'w', remedy: 'r' });
  const cases: readonly (readonly [unknown, unknown])[] = [
    [undefined, undefined],
    [null, null],
    [1.5, 1.5],
    [true, true],
    [10n ** 20n, '100000000000000000000'],
    [() => 1, '(function)'],
    [Symbol('x'), '(symbol)'],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set(['a']), ['a']],
    [fault, { code: 'refused', field: 'f', value: 'v', why: 'w', remedy: 'r' }],
    [circle, { self: { self: { self: { self: '(deep)' } } } }],
    [Array.from({ length: 34 }, () => 0), [...Array.from({ length: 32 }, () => 0), '(2 more)']],
  ];
  for (const [value, expected] of cases) assert.deepEqual(clean('x', value, 0), expected);
  const shown = clean('x', new Error('boom\n'), 0) as { error: string; stack: string };
  assert.equal(shown.error, 'boom\\n');
  assert.match(shown.stack, /^Error: boom/);
});
