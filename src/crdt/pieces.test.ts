import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeStatement } from './entry-bytes.ts';
import { admit, commit, NOW, openTestStore, picture, say, verdictOf } from './test-mesh.ts';

/** More than is applied in one piece. */
const COUNT = 5_000;

const contents = Array.from({ length: COUNT }, (_, index) =>
  encodeStatement({
    kind: 'entry',
    entry: { path: `intent/a/b/x-${index}`, value: index, hlc: [NOW, index], replaces: null },
  }),
);

/** A founder whose next generation says a lot, and what its chain is then. */
const lengthy = () => {
  const founder = openTestStore('founder');
  const frames = [say(founder, [admit('a'), admit('b')])];
  const edits = contents.map((_, index) => ({ path: `intent/a/b/x-${index}`, value: index }));
  frames.push(say(founder, edits));
  return { founder, frames };
};

test('receiveInPieces: what is taken is the same, whatever happens between the pieces', () => {
  // Goal: nothing depends on where work is left. Method: a long snapshot and short frames, all at
  // once, and in pieces between which other frames are taken; heads and view compared.
  const { founder, frames } = lengthy();
  const later = [say(founder, [{ path: 'intent/a/b/y', value: 1 }])];
  const b = openTestStore('b');
  b.receiveAll(frames, NOW);
  const aside = say(b, [{ path: 'status/x', value: 1 }]);
  const whole = openTestStore('a');
  whole.receiveAll([...frames, ...later, aside], NOW);

  const pieces = openTestStore('a');
  pieces.receive(frames[0] ?? aside, NOW);
  const work = pieces.receiveInPieces([...later, ...frames], NOW);
  let count = 0;
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) {
      assert.deepEqual(step.value.map(verdictOf), ['taken', 'known', 'taken']);
      break;
    }
    count += 1;
    if (count === 1) assert.equal(verdictOf(pieces.receive(aside, NOW)), 'taken');
  }
  assert.ok(count >= 2, `${count} pieces`);
  assert.deepEqual(picture(pieces), picture(whole));
});

test('receiveInPieces: a frame that somebody else brings meanwhile is known', () => {
  // Goal: two exchanges at once take a frame once. Method: the same frames whole in between.
  const { frames } = lengthy();
  const a = openTestStore('a');
  const work = a.receiveInPieces(frames, NOW);
  work.next();
  assert.deepEqual(a.receiveAll(frames, NOW).map(verdictOf), ['known', 'taken']);
  let step = work.next();
  while (step.done !== true) step = work.next();
  assert.deepEqual(step.value.map(verdictOf), ['taken', 'known']);
  const own = commit(a.write([{ path: 'status/x', value: 1 }], NOW));
  assert.ok(own.length > 0);
});
