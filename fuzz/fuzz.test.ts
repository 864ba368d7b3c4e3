import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzz } from './fuzz.ts';

/** Issue: 20,000 in the tests, a million by `npm run fuzz`. */
const FRAMES = 20_000;
/** After so many thousands all has been called and compiled. */
const WARM_THOUSANDS = 4;
/** A frame may leave 256 bytes at most, of 16,000. Unit: bytes. */
const HEAP_BYTES_MAX = 4_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const heapNow = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

describe('fuzz', () => {
  it('finds no frame that does what it may not', () => {
    // Goal: hostile frames, well signed ones too, are rejected or change only what their author
    // may say; what is bad for everybody is rejected, nothing else is, and nothing grows. Method:
    // mutants by number, each into a member that holds the state of a small mesh; what another way
    // of reading the rules says of each; the heap after each thousand.
    const heapBytes: number[] = [];
    const { verdicts, failure } = fuzz(0, FRAMES, () => heapBytes.push(heapNow()));
    assert.equal(failure, null);
    const grown = (heapBytes.at(-1) ?? 0) - (heapBytes[WARM_THOUSANDS - 1] ?? 0);
    assert.equal(heapBytes.length, FRAMES / 1_000);
    assert.ok(grown < HEAP_BYTES_MAX, `the heap grew by ${grown} bytes`);
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
