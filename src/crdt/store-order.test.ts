import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Edit } from './entry.ts';
import type { Store } from './store.ts';
import { admit, commit, NOW, openTestStore, picture, say } from './test-mesh.ts';

const NAMES = ['founder', 'a', 'b', 'c'];
const PATHS = ['intent/x', 'intent/y', 'trust/t', 'member/left', 'core/p'];

/** One act of the story of a mesh: who says what where, starts a generation, or hears of others. */
type Act =
  | { readonly kind: 'says'; readonly who: number; readonly path: number; readonly value: number }
  | { readonly kind: 'restarts'; readonly who: number }
  | { readonly kind: 'hears'; readonly who: number; readonly from: number };

const who = fc.nat(NAMES.length - 1);
const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('says' as const),
        who,
        path: fc.nat(PATHS.length - 1),
        // A third of all values deletes.
        value: fc.integer({ min: -2, max: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restarts' as const), who }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('hears' as const), who, from: who }) },
  ),
  { maxLength: 40 },
);

/** Plays a story and gives every frame ever written, and the stores of those who wrote them. */
const play = (story: readonly Act[]): { frames: Uint8Array[]; stores: readonly Store[] } => {
  const stores = NAMES.map((name) => openTestStore(name));
  const frames: Uint8Array[] = [];
  for (const [index, store] of stores.entries()) {
    store.receiveAll(frames, NOW);
    frames.push(say(store, [admit(NAMES[index + 1] ?? 'd')], NOW));
  }
  for (const [index, act] of story.entries()) {
    const store = stores[act.who];
    assert.ok(store !== undefined);
    const wallMs = NOW + index;
    if (act.kind === 'restarts') frames.push(commit(store.nextGeneration(wallMs)));
    if (act.kind === 'says') {
      const edit: Edit = { path: PATHS[act.path] ?? '', value: act.value < 0 ? null : act.value };
      const written = store.write([edit], wallMs);
      if (written.kind === 'frame') frames.push(commit(written));
    }
    if (act.kind === 'hears') {
      store.receiveAll(stores[act.from]?.framesAfter(store.heads(), 1e9) ?? [], wallMs);
    }
  }
  return { frames, stores };
};

describe('order', () => {
  it('of delivery makes no difference, nor does repetition', () => {
    // Goal: equal frames make equal members. Method: random stories; frames one by one in a random
    // order with repetitions, what is held again until nothing moves; against a batch in order.
    fc.assert(
      fc.property(acts, fc.infiniteStream(fc.nat(1_000_000)), (story, randoms) => {
        const { frames, stores } = play(story);
        const whole = openTestStore('observer');
        for (const { verdict } of whole.receiveAll(frames, NOW)) {
          assert.ok(verdict === 'taken' || verdict === 'known');
        }
        const single = openTestStore('observer');
        let waiting = [...frames, ...frames];
        for (let moved = true; moved; ) {
          const keyed = waiting.map((frame) => ({ frame, key: randoms.next().value ?? 0 }));
          keyed.sort((a, b) => a.key - b.key);
          const before = waiting.length;
          waiting = keyed
            .map(({ frame }) => frame)
            .filter((frame) => single.receive(frame, NOW).verdict === 'held');
          moved = waiting.length < before;
        }
        assert.deepEqual(waiting, []);
        assert.deepEqual(picture(single), picture(whole));
        for (const store of stores) {
          store.receiveAll(whole.framesAfter(store.heads(), 1e9), NOW);
          assert.deepEqual(picture(store), picture(whole));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of a sync does not matter: two members exchange heads and are equal', () => {
    // Goal: anti-entropy ends, in small batches too. Method: random stories, budgets of 600 bytes.
    fc.assert(
      fc.property(acts, (story) => {
        const { stores } = play(story);
        for (let round = 0; round < 3; round++) {
          for (const [index, store] of stores.entries()) {
            const other = stores[(index + 1) % stores.length];
            if (other !== undefined) exchange(store, other);
          }
        }
        const [first, ...rest] = stores.map(picture);
        for (const other of rest) assert.deepEqual(other, first);
      }),
      { numRuns: 60 },
    );
  });

  it('changes nothing about a restart: the journal in any order makes the same member', () => {
    // Goal: load is as good as having lived. Method: random stories; each member's frames shuffled.
    fc.assert(
      fc.property(acts, fc.nat(1000), (story, turn) => {
        const { stores } = play(story);
        for (const [index, store] of stores.entries()) {
          const frames = store.framesAfter([], 1e9);
          const split = turn % (frames.length + 1);
          const again = openTestStore(NAMES[index] ?? '');
          again.load([...frames.slice(split), ...frames.slice(0, split)], NOW - 1_000_000);
          assert.deepEqual(picture(again), picture(store));
          assert.equal(again.write([{ path: 'intent/z', value: 1 }], NOW).kind, 'frame');
        }
      }),
      { numRuns: 60 },
    );
  });
});

const exchange = (one: Store, other: Store): void => {
  for (let round = 0; round < 1000; round++) {
    const toOne = other.framesAfter(one.heads(), 600);
    const toOther = one.framesAfter(other.heads(), 600);
    if (toOne.length + toOther.length === 0) return;
    const receipts = [...one.receiveAll(toOne, NOW), ...other.receiveAll(toOther, NOW)];
    assert.ok(receipts.some(({ verdict }) => verdict === 'taken'));
  }
  assert.fail('the exchange does not end');
};
