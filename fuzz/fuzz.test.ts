import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from './fuzz.ts';

/** Issue: 20,000 in the tests, a million by `npm run fuzz`. */
const FRAMES = 20_000;

describe('fuzz', () => {
  it('finds no frame that does what it may not', () => {
    // Goal: hostile frames, well signed ones too, are rejected or change only what their author
    // may say. Method: mutants by number, each into a member that holds the state of a small mesh.
    const { verdicts, failure } = fuzz(0, FRAMES);
    assert.equal(failure, null);
    // What is refused before anybody looks at it proves nothing: each kind must have come far.
    const words = Object.keys(verdicts);
    for (const far of [
      'changed body: taken',
      'changed place: forked',
      'changed frame: rejected, signature',
      'stranger: held, unknown-author',
      'statement: taken',
    ]) {
      assert.ok(words.includes(far), `${far} is not among ${words.join('; ')}`);
    }
  });

  it('makes the same mutant of the same number', () => {
    // Goal: a failing frame can be sent again alone. Method: verdicts of one number, twice.
    for (const number of [3, 77, 1234]) assert.deepEqual(fuzz(number, 1), fuzz(number, 1));
  });
});
