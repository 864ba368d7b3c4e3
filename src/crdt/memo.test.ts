import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openMemo } from './memo.ts';

it('asks once for each key, and again once it has forgotten', () => {
  // Goal: answers are kept up to the bound, the oldest goes first. Method: count what is computed.
  const memo = openMemo<string | null>(2);
  const computed: string[] = [];
  const ask = (key: string) =>
    memo(key, () => {
      computed.push(key);
      return key === 'nothing' ? null : key.toUpperCase();
    });
  assert.equal(ask('a'), 'A');
  assert.equal(ask('a'), 'A');
  assert.equal(ask('nothing'), null);
  assert.equal(ask('nothing'), null);
  assert.deepEqual(computed, ['a', 'nothing']);
  ask('c');
  ask('nothing');
  assert.deepEqual(computed, ['a', 'nothing', 'c']);
  ask('a');
  assert.deepEqual(computed, ['a', 'nothing', 'c', 'a']);
});
