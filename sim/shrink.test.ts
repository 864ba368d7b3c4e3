import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, openSmaller, shrink } from './shrink.ts';

const STEPS = Array.from({ length: 60 }, (_, index) => index + 1);

test('shrink: finds what is needed together, in few runs', async () => {
  // Goal: the smallest list that fails. Method: runs that fail exactly with some steps.
  for (const needed of [[7], [3, 41], [1, 30, 60], []]) {
    let runs = 0;
    const fails = async (only: readonly number[]): Promise<boolean> => {
      runs += 1;
      return needed.every((step) => only.includes(step));
    };
    assert.deepEqual(await shrink(STEPS, fails), needed);
    assert.ok(runs <= 81, `${runs} runs`);
  }
});

test('shrink: what does not get smaller stays as it is, and it ends', async () => {
  // Goal: no endless search. Method: a run that needs all its steps.
  let runs = 0;
  const fails = async (only: readonly number[]): Promise<boolean> => {
    runs += 1;
    return only.length === STEPS.length;
  };
  assert.deepEqual(await shrink(STEPS, fails), STEPS);
  assert.ok(runs <= 81, `${runs} runs`);
});

test('kind: of a failure, without whom it met', () => {
  // Goal: a smaller run counts only when it fails alike. Method: two alike, one other.
  const [one, other] = ['Error: not whole: vm2 lost x\n at y', 'Error: not whole: vm3 has z'];
  assert.equal(kindOf(one), kindOf(other));
  assert.notEqual(kindOf(one), kindOf('Error: not quiet: vm1'));
});

test('shrink: of many failures each is made smaller, or it is said how to', async () => {
  // Goal: no failure of a run is left without its smallest. Method: five of them; what is said of
  // the later ones is the line that `flags.test.ts` runs, which shrinks its one seed.
  const makeSmaller = openSmaller();
  const done: string[] = [];
  for (const seed of [1, 2, 3, 4, 5]) {
    const now = async (): Promise<void> => void done.push(`${seed} now`);
    await makeSmaller({ now, later: () => void done.push(`${seed} later`) });
  }
  assert.deepEqual(done, ['1 now', '2 now', '3 later', '4 later', '5 later']);
});
