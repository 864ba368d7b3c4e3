import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from './fuzz.ts';
import { openHeapWatch } from './heap.ts';

/** Issue: 20,000 in the tests, a million by `npm run fuzz`. */
const FRAMES = 20_000;

describe('fuzz', () => {
  it('finds no frame that does what it may not', () => {
    // Goal: hostile frames, well signed ones too, are rejected or change only what their author
    // may say; what is bad for everybody is rejected, nothing else is, and nothing grows. Method:
    // mutants by number, each into a member that holds the state of a small mesh; what another way
    // of reading the rules says of each; the heap after each thousand.
    const heap = openHeapWatch();
    const { verdicts, failure } = fuzz(0, FRAMES, heap.look);
    assert.equal(failure, null);
    assert.equal(heap.looks(), FRAMES / 1_000);
    assert.equal(heap.flaw(), null);
    // What is refused before anybody looks at it proves nothing: each kind must have come far.
    const words = Object.keys(verdicts);
    for (const far of [
      'changed body: taken',
      'changed place: forked',
      'changed frame: rejected, signature',
      'stranger: held, unknown-author',
      'outsider itself: held, unknown-author',
      'changed body: rejected, structure',
      'changed place: rejected, mesh',
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
