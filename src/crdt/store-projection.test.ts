import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from './entry.ts';
import type { Store } from './store.ts';
import { idOf as idIn, openTestStore } from './test-mesh.ts';
import { idOf, openTestProjector, world } from './test-world.ts';

const NAMES = ['founder', 'a', 'b', 'c'];

/** A story of the test world, written by real stores: all frames, in the order of the stamps. */
const framesOf = (story: ReturnType<typeof world>): readonly Uint8Array[] => {
  const stores = new Map<string, Store>(
    NAMES.map((name) => [idOf(name), openTestStore(name, openTestProjector())]),
  );
  const said = story
    .states()
    .flatMap(({ author, entries }) => entries.map((entry): [string, Entry] => [author, entry]))
    .sort(([, a], [, b]) => a.hlc[0] - b.hlc[0]);
  const frames: Uint8Array[] = [];
  for (const [author, { path, value, hlc }] of said) {
    const store = stores.get(author);
    assert.ok(store !== undefined);
    store.receiveAll(frames, hlc[0]);
    const written = store.write([{ path, value }], hlc[0]);
    assert.ok(written.kind === 'frame', path);
    written.commit();
    frames.push(written.bytes);
  }
  return frames;
};

describe('store and projection', () => {
  it('agree on who is certified, whatever the order of the frames', () => {
    // Goal: the two halves of floor 0 fit. Method: admissions, a role and an eviction with real
    // signatures, as frames in three orders, against the view of the states themselves.
    const story = world()
      .invites('i')
      .admits('a', 'i')
      .admits('b', 'i')
      .grants('a')
      .as('a')
      .admits('c', 'i')
      .says('member/version', { version: '0.1.0', commit: 'abc' })
      .as('b')
      .says('member/left', true)
      .as('a')
      .evicts('b');
    assert.equal(idIn('a'), idOf('a'));
    const frames = framesOf(story);
    for (const order of [
      frames,
      frames.toReversed(),
      frames.toSorted((a, b) => a.length - b.length),
    ]) {
      const store = openTestStore('z', openTestProjector());
      for (const { verdict } of store.receiveAll(order, 1000)) assert.equal(verdict, 'taken');
      const { members, evicted, operators } = store.view();
      const expected = story.view();
      assert.deepEqual(members, expected.members);
      assert.deepEqual(evicted, [idOf('b')]);
      assert.deepEqual(
        operators.map(({ member }) => member),
        [idOf('founder'), idOf('a')],
      );
      assert.deepEqual(store.view(), expected);
    }
  });
});
