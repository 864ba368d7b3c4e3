import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Project } from './chains.ts';
import { finish } from './meter.ts';
import { framesOf, openWorldStore } from './test-frames.ts';
import { idOf as idIn, openTestStore } from './test-mesh.ts';
import { idOf, openTestProjector, world } from './test-world.ts';

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
      const store = openWorldStore('z');
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

  it('make no view in one go for what is loaded in pieces', () => {
    // Goal: who is certified is asked amid a load, of a mesh of a thousand in some 40 ms; nobody
    // waits for that. Method: the same frames in pieces and at once, with a projection that counts
    // how often it is asked for a whole view.
    const frames = framesOf(world().invites('i').admits('a', 'i').as('a').admits('b', 'i'));
    const real = openTestProjector();
    let count = 0;
    const counting = Object.assign((authors: Parameters<Project>[0]) => {
      count += 1;
      return real(authors);
    }, real);
    const [parted, whole] = [openTestStore('z', counting), openTestStore('z', counting)];
    let pauses = 0;
    for (const _ of parted.loadInPieces(frames, 1000, { isDue: () => true })) pauses += 1;
    assert.ok(pauses > 10, `${pauses} pauses`);
    finish(parted.digestInPieces({ isDue: () => true }));
    const view = parted.view();
    assert.equal(count, 0);
    whole.load(frames, 1000);
    assert.deepEqual(whole.view(), view);
    assert.ok(count > 0);
  });
});
