import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeStatement } from './entry-bytes.ts';
import { inspectUpdate, joinUpdates, splitUpdate } from './gate.ts';
import { finish, openMeter } from './meter.ts';
import { openPen, openSubdocument, resumePen, writeInPieces } from './subdocument.ts';
import { admit, commit, idOf, NOW, openTestStore, picture, say, verdictOf } from './test-mesh.ts';

const CLIENT = 7;

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

test('splitUpdate, joinUpdates: the parts one after the other make what the whole makes', () => {
  // Goal: applying and writing in pieces changes nothing. Method: a long first update with
  // deletions in it, in parts of several sizes, byte by byte as Yjs encodes what they made; a short
  // one stays whole; one without deletions is put together again.
  const pen = openPen(CLIENT, null);
  const whole = openSubdocument(CLIENT, null);
  const plain = pen.write([], contents);
  whole.apply(plain);
  whole.apply(pen.write([3, 4, 9], []));
  const update = whole.encode();
  const known = { client: CLIENT, clock: 0 };
  assert.ok(inspectUpdate(update, known).ok);
  for (const itemsMax of [1, 7, 2_048, COUNT - 4, 2 * COUNT]) {
    const document = openSubdocument(CLIENT, null);
    const parts = splitUpdate(update, known, itemsMax);
    for (const part of parts) assert.ok(document.apply(part));
    assert.deepEqual(document.encode(), update);
    assert.equal(parts.length > 1, itemsMax < COUNT - 3);
    assert.deepEqual(joinUpdates(CLIENT, splitUpdate(plain, known, itemsMax)), plain);
  }
  const fresh = { pen: openPen(CLIENT, null), client: CLIENT };
  assert.deepEqual(finish(writeInPieces(fresh, contents, openMeter())), plain);
  const resumed = finish(resumePen(CLIENT, [update], openMeter()));
  const word = [Uint8Array.of(1)];
  assert.deepEqual(resumed.write([2], word), pen.write([2], word));
});

test('inPieces: an own generation is the same as in one piece, whatever comes meanwhile', () => {
  // Goal: nobody waits for it, and nothing of it depends on the pauses. Method: the same generation
  // whole and in pieces, between which another's frame is taken and nothing else can be written.
  const { founder, frames } = lengthy();
  const twin = openTestStore('founder');
  twin.load(frames, NOW);
  const a = openTestStore('a');
  a.receiveAll(frames, NOW);
  const aside = say(a, [{ path: 'status/x', value: 1 }]);
  const work = twin.inPieces(null, NOW, openMeter());
  let count = 0;
  let step = work.next();
  for (; step.done !== true; step = work.next()) {
    count += 1;
    if (count === 1) assert.equal(verdictOf(twin.receive(aside, NOW)), 'taken');
    assert.throws(() => twin.write([{ path: 'status/y', value: 1 }], NOW), /neither committed/);
  }
  assert.ok(count >= 4, `${count} pieces`);
  assert.deepEqual(commit(step.value), commit(founder.nextGeneration(NOW)));
  for (const _ of twin.digestOwn(openMeter())) assert.ok(twin.heads().length > 0);
  founder.receive(aside, NOW);
  assert.deepEqual(picture(twin), picture(founder));
  const more = [{ path: 'intent/a/b/y', value: 1 }];
  assert.deepEqual(commit(twin.write(more, NOW)), commit(founder.write(more, NOW)));
});

test('inPieces: what replaces much holds whole, and so does what comes meanwhile', () => {
  // Goal: nothing is lost, doubled or half seen. Method: many paths said again in pieces, between
  // which another's frames are taken; what all say then, here and where the frames arrive.
  const { founder, frames } = lengthy();
  const [a, reader] = [openTestStore('a'), openTestStore('b')];
  a.receiveAll(frames, NOW);
  reader.receiveAll(frames, NOW);
  const edits = contents.slice(1_000, 4_000).map((_, index) => {
    return { path: `intent/a/b/x-${index + 1_000}`, value: index % 2 === 0 ? 'again' : null };
  });
  const work = founder.inPieces(edits, NOW, openMeter());
  const asides: Uint8Array[] = [];
  let step = work.next();
  for (; step.done !== true; step = work.next()) {
    if (asides.length > 20) continue;
    const aside = say(a, [{ path: 'status/x', value: asides.length }]);
    asides.push(aside);
    assert.equal(verdictOf(founder.receive(aside, NOW)), 'taken');
  }
  assert.ok(asides.length > 5, `${asides.length} pieces`);
  const own = commit(step.value);
  for (const store of [founder, reader]) {
    store.receiveAll([own, ...asides], NOW);
    const id = idOf('founder');
    for (const { path, value } of edits) assert.deepEqual(store.valueOf(id, path), value);
    assert.equal(store.valueOf(id, 'intent/a/b/x-999'), 999);
    assert.equal(store.pathsOf(id).filter((path) => path.startsWith('intent/')).length, 3_500);
    assert.equal(store.valueOf(idOf('a'), 'status/x'), asides.length - 1);
  }
  assert.deepEqual(picture(founder), picture(reader));
});

test('inPieces: who finds meanwhile that its key is used elsewhere says nothing', () => {
  // Goal: no frame is signed beside another VM's. Method: the doubt between two pieces.
  const { frames } = lengthy();
  const founder = openTestStore('founder');
  founder.load(frames, NOW);
  const work = founder.inPieces(null, NOW, openMeter());
  work.next();
  founder.distrustKey();
  const written = finish(work);
  assert.equal(written.kind === 'refused' && written.limit, 'lost');
  assert.equal(founder.write([{ path: 'status/y', value: 1 }], NOW).kind, 'refused');
});

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
  const work = pieces.receiveInPieces([...later, ...frames], NOW, openMeter());
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
  const work = a.receiveInPieces(frames, NOW, openMeter());
  work.next();
  assert.deepEqual(a.receiveAll(frames, NOW).map(verdictOf), ['known', 'taken']);
  let step = work.next();
  while (step.done !== true) step = work.next();
  assert.deepEqual(step.value.map(verdictOf), ['taken', 'known']);
  const own = commit(a.write([{ path: 'status/x', value: 1 }], NOW));
  assert.ok(own.length > 0);
});

test('digestInPieces: the first view is the same, and what it reads is read before', () => {
  // Goal: a start with much is no single piece. Method: a member that takes a lot, with and without
  // it, a pause wherever there may be one; another's frame is taken in the first.
  const { frames } = lengthy();
  const [whole, parted] = [openTestStore('b'), openTestStore('b')];
  for (const store of [whole, parted]) store.load(frames, NOW);
  const a = openTestStore('a');
  a.receiveAll(frames, NOW);
  const aside = say(a, [{ path: 'status/x', value: 1 }]);
  let count = 0;
  for (const _ of parted.digestInPieces({ isDue: () => true })) {
    count += 1;
    if (count === 1) assert.equal(verdictOf(parted.receive(aside, NOW)), 'taken');
  }
  assert.ok(count > 2, `${count} pieces`);
  whole.receive(aside, NOW);
  assert.deepEqual(picture(parted), picture(whole));
  assert.deepEqual(parted.view(), whole.view());
});
