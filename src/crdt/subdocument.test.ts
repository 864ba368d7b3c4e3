import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as Y from 'yjs';
import { clientIdOf, inspectUpdate, ROOT_NAME } from './gate.ts';
import { openPen, openSubdocument } from './subdocument.ts';
import { admit, at, commit, NOW, openTestStore, say, testCrypto } from './test-mesh.ts';

const CLIENT = clientIdOf(testCrypto, new Uint8Array(32), 0);
const bytesOf = (...fill: number[]): Uint8Array => Uint8Array.from(fill);

describe('a sub-document', () => {
  it('follows its pen', () => {
    // Goal: readers see what was written. Method: pushes and deletions, compared after each.
    const pen = openPen(CLIENT, null);
    const reader = openSubdocument(CLIENT, null);
    let expected: Uint8Array[] = [];
    for (let round = 0; round < 50; round++) {
      const deletions = expected.length > 5 ? [0, round % 3 === 0 ? 2 : 4] : [];
      const additions = [bytesOf(round), bytesOf(round, round)];
      const update = pen.write(deletions, additions);
      assert.equal(inspectUpdate(update, reader.known()).ok, true);
      assert.equal(reader.apply(update), true);
      expected = [...expected.filter((_, index) => !deletions.includes(index)), ...additions];
      assert.deepEqual(reader.contents(), expected);
    }
    assert.equal(reader.known().clock, 100);
    assert.equal(reader.contents()[0], reader.contents()[0]);
  });

  it('is continued by a pen that is opened on its copy', () => {
    // Goal: a restart goes on where it was. Method: the next update of both pens, byte by byte.
    const pen = openPen(CLIENT, null);
    const reader = openSubdocument(CLIENT, null);
    reader.apply(pen.write([], [bytesOf(1), bytesOf(2)]));
    reader.apply(pen.write([0], [bytesOf(3)]));
    const later = openPen(CLIENT, reader.encode());
    assert.deepEqual(openSubdocument(CLIENT, reader.encode()).contents(), reader.contents());
    assert.deepEqual(later.write([1], [bytesOf(4)]), pen.write([1], [bytesOf(4)]));
  });

  it('says when Yjs did not take an update whole', () => {
    // Goal: no document waits for what never comes. Method: updates that the gate would refuse.
    const gap = openPen(CLIENT, null);
    gap.write([], [bytesOf(1)]);
    assert.equal(openSubdocument(CLIENT, null).apply(gap.write([], [bytesOf(2)])), false);
    assert.equal(openSubdocument(CLIENT, null).apply(bytesOf(1, 1)), false);
    assert.equal(openSubdocument(CLIENT, null).apply(bytesOf(0, 0)), true);
  });

  it('writes nothing for nothing', () => {
    // Goal: an empty write is an update too. Method: a pen that has nothing to say.
    assert.deepEqual(openPen(CLIENT, null).write([], []), bytesOf(0, 0));
  });

  it('needs a reader with another client id, or Yjs draws a new one', () => {
    // Goal: the reason for invariant 2 is still true. Method: a plain document with the same id.
    const silent = console.log;
    console.log = () => undefined;
    const plain = new Y.Doc({ guid: ROOT_NAME });
    plain.clientID = CLIENT;
    Y.applyUpdate(plain, openPen(CLIENT, null).write([], [bytesOf(1)]));
    console.log = silent;
    assert.notEqual(plain.clientID, CLIENT);
    const reader = openSubdocument(0, null);
    assert.equal(reader.apply(openPen(0, null).write([], [bytesOf(1)])), true);
    assert.deepEqual(reader.known(), { client: 0, clock: 1 });
  });

  it('has nothing in its bytes that Yjs drew by chance', () => {
    // Goal: invariant 1, on which runs of the simulator rest: they do not stand in for the chance
    // of Yjs. Method: documents do draw different ids; the same story told eight times, by pens and
    // readers and by whole stores with new generations and restarts, has the same bytes.
    const drawn = Array.from({ length: 8 }, () => new Y.Doc({ guid: ROOT_NAME }).clientID);
    assert.ok(new Set(drawn).size > 1);
    const story = (): string => {
      const [pen, reader] = [openPen(CLIENT, null), openSubdocument(CLIENT, null)];
      const updates = [pen.write([], [bytesOf(1), bytesOf(2)]), pen.write([0], [bytesOf(3)])];
      for (const update of updates) reader.apply(update);
      const later = openPen(CLIENT, reader.encode()).write([1], [bytesOf(4)]);
      reader.apply(later);
      const store = openTestStore('founder');
      say(store, [admit('a'), at('status/x', 1)]);
      say(store, [at('status/x', 2)]);
      commit(store.nextGeneration(NOW));
      const again = openTestStore('founder');
      again.load(store.framesAfter([], 1e9), NOW);
      say(again, [at('status/x', 3)]);
      const said = [...updates, later, reader.encode(), ...again.framesAfter([], 1e9)];
      return said.map((bytes) => Buffer.from(bytes).toString('hex')).join(' ');
    };
    assert.equal(new Set(Array.from({ length: 8 }, story)).size, 1);
  });
});
