/** Contenders measured in turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeRounds } from './rounds.ts';

test('contenders take turns, forwards and back, and the first round does not count', async () => {
  // Goal: drift and a cold start favour nobody. Method: contenders that write down when it was
  // their turn; the twin, one contender after the other, would give another order.
  const turns: string[] = [];
  const turn = (name: string) => () => ({ value: turns.push(name) });
  const told: number[] = [];
  const series = await takeRounds({ a: turn('a'), b: turn('b') }, 3, (round) => told.push(round));
  assert.equal(turns.join(''), 'abbaabba');
  assert.deepEqual(told, [0, 1, 2, 3]);
  assert.deepEqual(series, [
    { name: 'a', samples: [{ value: 4 }, { value: 5 }, { value: 8 }] },
    { name: 'b', samples: [{ value: 3 }, { value: 6 }, { value: 7 }] },
  ]);
});
