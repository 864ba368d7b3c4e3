import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { frameHash } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { bytesOfId } from './ids.ts';
import type { Store } from './store.ts';
import { honestUpdates } from './test-attacks.ts';
import {
  admit,
  at,
  bodyOf,
  commit,
  entryBytes,
  forge,
  idOf,
  NOW,
  openTestStore,
  pair,
  picture,
  say,
  testCrypto,
  verdictOf,
} from './test-mesh.ts';

/** Exchanges until nobody takes anything; gives the rounds that it took. */
const settle = (stores: readonly Store[]): number => {
  for (let round = 1; round < 100; round++) {
    let taken = 0;
    for (const one of stores) {
      for (const other of stores) {
        if (one === other) continue;
        const frames = other.framesAfter(one.heads(), 1e9);
        const receipts = one.receiveAll(frames, NOW + 10_000);
        taken += receipts.filter(({ verdict }) => /taken|forked/.test(verdict)).length;
      }
    }
    if (taken === 0) return round;
  }
  return assert.fail('they exchange frames for ever');
};

/** Two VMs with the key of `a`, which held the same until now, and some members. */
const clones = (prefix: number) => {
  const founder = openTestStore('founder');
  const first = openTestStore('a');
  first.receive(say(founder, [admit('a'), admit('b'), admit('c')]), NOW);
  for (let index = 0; index < prefix; index++) say(first, [at('member/version', index)], NOW);
  const second = openTestStore('a');
  second.load(first.framesAfter([], 1e9), NOW);
  const members = [founder, openTestStore('b'), openTestStore('c')];
  for (const member of members) member.receiveAll(first.framesAfter([], 1e9), NOW);
  return { first, second, members };
};

const renew = (store: Store, wallMs: number): void => {
  const written = store.nextGeneration(wallMs);
  if (written.kind === 'frame') written.commit();
};

const stateAt = (store: Store) => store.valueOf(idOf('a'), 'member/version');

describe('two frames for one place', () => {
  it('freeze their author before it on all members, whichever came first', () => {
    // Goal: nobody can show two faces. Method: two VMs with one key; each member hears another one.
    const { first, second, members } = clones(3);
    const [one, other] = [first, second].map((store, index) =>
      [0, 1, 2].map((value) => say(store, [at('member/version', `${index} ${value}`)], NOW + 1)),
    );
    members[0]?.receiveAll(one ?? [], NOW + 1);
    members[1]?.receiveAll(other ?? [], NOW + 1);
    settle(members);
    for (const member of members) {
      assert.equal(stateAt(member), 2, 'the last that both lines have in common');
      assert.deepEqual(picture(member), picture(members[0] as Store));
    }
    const last = say(first, [at('member/version', 'later')], NOW + 2);
    assert.equal(members[0]?.receive(last, NOW + 2).verdict, 'known');
    assert.equal(stateAt(members[0]), 2);
  });

  it('of frame 0 leave the one of the lower hash, also of a third', () => {
    // Goal: there is nothing before it to fall back on. Method: three, in each order, then more.
    const texts = ['1', '2', '3'];
    const frames = texts.map((text) =>
      forge('a', { body: bodyOf('a', [entryBytes('member/version', text)]) }),
    );
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const pictures = orders.map((order) => {
      const { founder } = pair();
      const receipts = order.map((index) => founder.receive(frames[index] as Uint8Array, NOW));
      assert.deepEqual(receipts.slice(0, 2).map(verdictOf), ['taken', 'forked']);
      return picture(founder);
    });
    for (const one of pictures) assert.deepEqual(one, pictures[0]);
  });

  it('count only when the author signed both', () => {
    // Goal: nobody can freeze another. Method: the second frame under another one's signature.
    const { founder } = pair();
    const good = forge('a', { body: bodyOf('a', [entryBytes('member/version', '1')]) });
    founder.receive(good, NOW);
    const before = picture(founder);
    const body = bodyOf('a', [entryBytes('member/version', '2')]);
    const forged = forge('a', { body, signer: 'b' });
    assert.equal(verdictOf(founder.receive(forged, NOW)), 'rejected: signature');
    assert.deepEqual(picture(founder), before);
  });

  it('blame nobody who passes them on where the first of them has to wait', () => {
    // Goal: who bears a proof is honest. Method: the first is ahead of the clock of a third, the
    // second no update at all; then the second without the first, and the two in time.
    const { founder } = pair();
    const client = clientIdOf(testCrypto, bytesOfId(idOf('a')), 0);
    const [honest, second] = honestUpdates(client, (at) =>
      entryBytes('member/version', at, NOW + at * 1_000),
    );
    const first = forge('a', { body: honest ?? new Uint8Array() });
    const previous = frameHash(testCrypto, first);
    const [ahead, bad] = [second ?? first, new Uint8Array(9)].map((body) =>
      forge('a', { body, sequence: 1, previous }),
    ) as [Uint8Array, Uint8Array];
    founder.receive(first, NOW);
    const pass = (wallMs: number) => founder.receiveAll([ahead, bad], wallMs).map(verdictOf);
    assert.deepEqual(pass(NOW - 8_000), ['held: ahead', 'held: gap']);
    assert.equal(verdictOf(founder.receive(bad, NOW - 8_000)), 'rejected: structure');
    assert.deepEqual(pass(NOW), ['taken', 'forked']);
  });

  it('are found in any order, also where one of them says nothing that could be taken', () => {
    // Goal: a journal tells after a restart what it told before. Method: a good frame and one that
    // is no update, for one place, in both orders, from a member and from disk.
    const client = clientIdOf(testCrypto, bytesOfId(idOf('a')), 0);
    const [honest, second] = honestUpdates(client, (at) => entryBytes('member/version', at));
    const first = forge('a', { body: honest ?? new Uint8Array() });
    const previous = frameHash(testCrypto, first);
    const [good, bad] = [second ?? first, new Uint8Array(9)].map((body) =>
      forge('a', { body, sequence: 1, previous }),
    ) as [Uint8Array, Uint8Array];
    const frozen = pair().founder;
    const one = [first, good, bad].map((frame) => verdictOf(frozen.receive(frame, NOW)));
    assert.deepEqual(one, ['taken', 'taken', 'forked']);
    for (const frames of [
      [first, good, bad],
      [first, bad, good],
      [bad, first, good],
    ]) {
      const { founder } = pair();
      const told = founder.receiveAll(frames, NOW).map(verdictOf);
      assert.deepEqual(told.toSorted(), ['forked', 'taken', 'taken']);
      const again = openTestStore('founder');
      again.load([...pair().founder.framesAfter([], 1e9), ...frames], NOW);
      for (const store of [founder, again]) assert.deepEqual(picture(store), picture(frozen));
    }
  });

  it('are kept over a restart, and end with the next generation', () => {
    // Goal: one command of the true holder heals it. Method: load what is passed on; then go on.
    const { first, second, members } = clones(2);
    say(first, [at('member/version', 'first')], NOW + 1);
    say(second, [at('member/version', 'second')], NOW + 1);
    const [founder, b, c] = members as [Store, Store, Store];
    founder.receiveAll(first.framesAfter(founder.heads(), 1e9), NOW + 1);
    founder.receiveAll(second.framesAfter(b.heads(), 1e9), NOW + 1);
    const again = openTestStore('founder');
    again.load(founder.framesAfter([], 1e9), NOW);
    assert.deepEqual(picture(again), picture(founder));
    assert.equal(stateAt(again), 1);
    const healed = commit(first.nextGeneration(NOW + 2));
    for (const member of [again, b, c]) {
      assert.equal(member.receive(healed, NOW + 2).verdict, 'taken');
      assert.equal(stateAt(member), 'first');
      assert.equal(member.framesAfter([], 1e9).length, 2, 'the proof is gone');
    }
  });

  it('leave all members with the same, however long the lines and whoever heard what', () => {
    // Goal: convergence. Method: random lines of two VMs, random parts of them to each member.
    const act = fc.record({
      isFirst: fc.boolean(),
      kind: fc.constantFrom('says', 'says', 'says', 'says', 'renews'),
      heard: fc.array(fc.nat(2), { maxLength: 3 }),
    });
    const story = fc.tuple(fc.nat(3), fc.array(act, { maxLength: 30 }));
    fc.assert(
      fc.property(story, ([prefix, acts]) => {
        const { first, second, members } = clones(prefix);
        for (const [index, { isFirst, kind, heard }] of acts.entries()) {
          const store = isFirst ? first : second;
          const value = `${isFirst} ${index}`;
          if (kind === 'says') say(store, [at('member/version', value)], NOW + index);
          else renew(store, NOW + index);
          for (const hearer of heard) {
            const member = members[hearer] as Store;
            member.receiveAll(store.framesAfter(member.heads(), 1e9), NOW + index);
          }
        }
        const rounds = settle(members);
        assert.ok(rounds < 12, `${rounds} rounds`);
        for (const member of members)
          assert.deepEqual(picture(member), picture(members[0] as Store));
      }),
      { numRuns: 150 },
    );
  });
});
