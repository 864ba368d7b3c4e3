import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { framesOf, openWorldStore } from './test-frames.ts';
import { idOf as idIn } from './test-mesh.ts';
import { idOf, world } from './test-world.ts';

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
});
