import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSameBytes } from './codec.ts';
import { frameHash } from './frame.ts';
import {
  admit,
  bodyOf,
  commit,
  entryBytes,
  forge,
  NOW,
  openTestStore,
  pair,
  picture,
  say,
  testCrypto,
} from './test-mesh.ts';

describe('load in any order', () => {
  it('still sends ourselves after those who certify us', () => {
    // Goal: whoever syncs with us can take what we send. Method: own frames first in the journal.
    const founder = openTestStore('founder');
    const b = openTestStore('b');
    const a = openTestStore('a');
    b.receive(say(founder, [admit('b')], NOW), NOW);
    say(b, [admit('a')], NOW);
    a.receiveAll(b.framesAfter([], 1e9), NOW);
    const own = say(a, [admit('c')], NOW);
    const again = openTestStore('a');
    again.load([own, ...b.framesAfter([], 1e9)], NOW);
    assert.deepEqual(again.framesAfter([], 1e9), [...b.framesAfter([], 1e9), own]);
  });
});

describe('framesAfter', () => {
  it('sends what is lacking, whole, and at least one frame', () => {
    // Goal: catching up always goes on. Method: budgets of one byte and of two frames.
    const { founder, a } = pair();
    for (let index = 0; index < 5; index++) say(founder, [{ path: 'intent/x', value: index }], NOW);
    const all = founder.framesAfter([], 1e9);
    assert.equal(all.length, 6);
    assert.deepEqual(founder.framesAfter(a.heads(), 1e9), all.slice(1));
    assert.deepEqual(founder.framesAfter(a.heads(), 1), all.slice(1, 2));
    const two = (all[1]?.length ?? 0) + (all[2]?.length ?? 0);
    assert.deepEqual(founder.framesAfter(a.heads(), two), all.slice(1, 3));
    assert.deepEqual(founder.framesAfter(founder.heads(), 1e9), []);
    assert.deepEqual(a.framesAfter(founder.heads(), 1e9), []);
  });

  it('sends no author before those who certify it', () => {
    // Goal: a newcomer takes something of every batch. Method: feed batches of one frame each.
    const names = ['founder', 'a', 'b', 'c'];
    const all = openTestStore('c');
    for (const [index, name] of names.entries()) {
      const store = name === 'c' ? all : openTestStore(name);
      store.receiveAll(all.framesAfter([], 1e9), NOW);
      say(store, [admit(names[index + 1] ?? 'd')], NOW);
      say(store, [{ path: 'member/version', value: '1' }], NOW);
      if (store !== all) all.receiveAll(store.framesAfter(all.heads(), 1e9), NOW);
    }
    const fresh = openTestStore('d');
    for (let round = 0; round < 8; round++) {
      const [frame] = all.framesAfter(fresh.heads(), 1);
      assert.equal(fresh.receive(frame ?? new Uint8Array(), NOW).verdict, 'taken');
    }
    assert.deepEqual(picture(fresh), picture(all));
  });

  it('sends the proof to whoever holds a fork, and nothing more', () => {
    // Goal: forks come to light and do not flood. Method: two members with two first frames of `b`.
    const { founder, a } = pair();
    const admission = say(founder, [admit('b')], NOW);
    a.receive(admission, NOW);
    const [one, other] = ['1', '2'].map((text) =>
      forge('b', { body: bodyOf('b', [entryBytes('member/version', text)]) }),
    );
    a.receive(one ?? new Uint8Array(), NOW);
    founder.receive(other ?? new Uint8Array(), NOW);
    const previous = frameHash(testCrypto, other ?? new Uint8Array());
    assert.equal(founder.receive(forge('b', { sequence: 1, previous }), NOW).verdict, 'taken');
    assert.deepEqual(founder.framesAfter(a.heads(), 1e9), [other]);
    assert.equal(a.receive(other ?? new Uint8Array(), NOW).verdict, 'forked');
  });
});

describe('a generation', () => {
  it('replaces the one before at once, also for those who lacked its end', () => {
    // Goal: nobody needs to agree. Method: the snapshot arrives before the last frames.
    const { founder, a } = pair();
    const late = say(founder, [{ path: 'intent/x', value: 1 }], NOW);
    const snapshot = commit(founder.nextGeneration(NOW));
    assert.equal(a.receive(snapshot, NOW).verdict, 'taken');
    assert.deepEqual(a.receive(late, NOW), { verdict: 'known' });
    assert.deepEqual(picture(a), picture(founder));
    assert.equal(a.heads()[0]?.generation, 1);
    assert.ok(isSameBytes(a.heads()[0]?.hash ?? late, frameHash(testCrypto, snapshot)));
  });
});
