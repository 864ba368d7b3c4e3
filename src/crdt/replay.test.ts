import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from './store.ts';
import { openWorldStore } from './test-frames.ts';
import {
  admit,
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
  verdictOf,
} from './test-mesh.ts';
import { check, ofFour, ofTwoOperators, summaryOf } from './test-story.ts';
import { EXPIRY_MS, world } from './test-world.ts';

/** A founder that said much in three generations, and all frames that it ever made. */
const history = (): { readonly founder: Store; readonly frames: readonly Uint8Array[] } => {
  const founder = openTestStore('founder');
  const frames = [say(founder, [admit('a'), { path: 'intent/x', value: 1 }])];
  for (let count = 2; count < 8; count += 1) {
    frames.push(say(founder, [{ path: 'intent/x', value: count }], NOW + count));
    if (count % 3 === 0) frames.push(commit(founder.nextGeneration(NOW + count)));
  }
  return { founder, frames };
};

describe('old frames', () => {
  it('change nothing once newer ones were taken, also after a restart', () => {
    // Goal: replay and rollback change nothing. Method: a member in step is sent each old
    // frame alone, all in order and in reverse; then a fresh store that has loaded what it kept.
    const { founder, frames } = history();
    const a = openTestStore('a');
    a.receiveAll(founder.framesAfter([], 1e9), NOW);
    const before = picture(a);
    const kept = a.framesAfter([], 1e9);
    const again = openTestStore('a');
    again.load(kept, NOW);
    for (const store of [a, again]) {
      for (const frame of frames) assert.equal(verdictOf(store.receive(frame, NOW)), 'known');
      store.receiveAll(frames, NOW);
      store.receiveAll(frames.toReversed(), NOW);
      assert.deepEqual(picture(store), before);
    }
  });

  it('are overtaken, whoever is heard first: a joiner has the newest of all that it meets', () => {
    // Goal: a peer that shows an old state holds up nobody who meets another. Method: a joiner
    // takes every beginning of the history, then hears an honest member; never a step back.
    const { founder, frames } = history();
    for (let count = 1; count <= frames.length; count += 1) {
      const joiner = openTestStore('b');
      joiner.receiveAll(frames.slice(0, count), NOW);
      joiner.receiveAll(founder.framesAfter(joiner.heads(), 1e9), NOW);
      joiner.receiveAll(frames.slice(0, count), NOW);
      assert.deepEqual(joiner.heads(), founder.heads());
      assert.equal(joiner.winner('intent/x')?.value, 7);
    }
  });

  it('are never taken for frames of another mesh, author or place', () => {
    // Goal: domain separation (row 4). Method: one body, well signed, where it does not belong.
    const { founder } = pair();
    const body = bodyOf('a', [entryBytes('member/version', '1')]);
    const cases: readonly (readonly [frame: Uint8Array, verdict: string])[] = [
      [forge('a', { body, mesh: new Uint8Array(32).fill(1) }), 'rejected: mesh'],
      [forge('a', { body, signer: 'founder' }), 'rejected: signature'],
      [forge('b', { body }), 'held: unknown-author'],
      [forge('a', { body, sequence: 1, previous: new Uint8Array(32) }), 'held: gap'],
    ];
    const before = picture(founder);
    for (const [frame, verdict] of cases) {
      assert.equal(verdictOf(founder.receive(frame, NOW)), verdict);
    }
    assert.deepEqual(picture(founder), before);
    // The body is of a's first generation: in its second the client id differs.
    const snapshot = { generation: 1, previous: [0, 0, new Uint8Array(32)] as const };
    assert.equal(founder.receive(forge('a', { body }), NOW).verdict, 'taken');
    assert.equal(
      verdictOf(founder.receive(forge('a', { ...snapshot, body }), NOW)).slice(0, 8),
      'rejected',
    );
  });
});

describe('clocks that lie', () => {
  it('ahead: what is stamped in the future is held, raises no clock and blocks no path', () => {
    // Goal: row 7. Method: an operator's frame of the year 2100; it is held, others write on at the
    // path, and when our clock has come near it is taken.
    const [founder, b] = [openTestStore('founder'), openTestStore('b')];
    say(founder, [admit('b')]);
    b.receiveAll(founder.framesAfter([], 1e9), NOW);
    const future = NOW + 74 * 365 * 86_400_000;
    const poison = say(b, [{ path: 'intent/x', value: 'b' }], future);
    assert.equal(verdictOf(founder.receive(poison, NOW)), 'held: ahead');
    say(founder, [{ path: 'intent/x', value: 'ours' }], NOW + 1);
    assert.deepEqual(founder.latest().get(idOf('founder')), [NOW + 1, 0]);
    assert.equal(founder.winner('intent/x')?.value, 'ours');
    assert.equal(founder.receive(poison, future).verdict, 'taken');
  });

  it('a little ahead: a node that stamps as late as it may holds up nobody’s word', () => {
    // Goal: stamps of one do not push those of others over the limit. Method: a hostile node stamps
    // 10 s ahead; the founder, who heard it, decides; a member whose clock is 2 s behind takes it
    // at once. Where the node wrote at the same path, the founder's word still goes above it.
    const [founder, a, b] = ['founder', 'a', 'b'].map((name) => openTestStore(name)) as [
      Store,
      Store,
      Store,
    ];
    say(founder, [admit('a'), admit('b')]);
    for (const store of [a, b]) store.receiveAll(founder.framesAfter([], 1e9), NOW);
    const late = say(a, [{ path: 'intent/x', value: 'late' }], NOW + 10_000);
    assert.equal(founder.receive(late, NOW).verdict, 'taken');
    const plain = say(founder, [{ path: 'intent/y', value: 1 }], NOW + 1);
    assert.equal(b.receive(plain, NOW - 2_000).verdict, 'taken');
    const above = say(founder, [{ path: 'intent/x', value: 'ours' }], NOW + 2);
    assert.equal(founder.winner('intent/x')?.value, 'ours');
    assert.equal(b.receive(above, NOW + 2).verdict, 'taken');
  });

  it('behind: no statement goes below what its author saw, whatever its clock says', () => {
    // Goal: the floor of the hybrid clock, also over a restart. Method: the clock steps back by a
    // day between two edits, and between a restart and the next.
    const { founder } = pair();
    say(founder, [{ path: 'intent/x', value: 1 }], NOW);
    say(founder, [{ path: 'intent/x', value: 2 }], NOW - 5_000);
    assert.equal(founder.winner('intent/x')?.value, 2);
    const again = openTestStore('founder');
    again.load(founder.framesAfter([], 1e9), NOW - 5_000);
    say(again, [{ path: 'intent/x', value: 3 }], NOW - 5_000);
    assert.equal(again.winner('intent/x')?.value, 3);
  });

  it('behind: a backdated word of the evicted is void, and one of a node moves nobody', () => {
    // Goal: row 8. Method: an evicted operator says things stamped long before its eviction; a node
    // admits by an invite that had been revoked, and says so truly: that one does not count.
    const evicted = ofTwoOperators().evicts('b').as('b').at(1).grants('c').invites('k').evicts('a');
    check({
      what: 'void',
      story: evicted,
      expected: { members: 'a c founder', operators: 'founder a', evicted: 'b' },
    });
    const late = ofFour()
      .as('a')
      .admits('x', 'i', { ms: EXPIRY_MS + 1 });
    assert.equal(summaryOf(late.view()).members, 'a b c founder');
  });

  it('a node that backdates may admit by an old invite: over-use is told, eviction ends it', () => {
    // Goal: the bound that docs/SECURITY.md states is the whole of it. Method: a node admits a VM
    // by a spent and revoked invite, with a stamp before; it can do no more, and one act undoes it.
    const story = world()
      .invites('i', { uses: 1, revokedAt: 9_000 })
      .admits('a', 'i', { ms: 3 })
      .as('a')
      .admits('x', 'i', { ms: 4 })
      .as('x')
      .grants('x')
      .says('intent/x', 1);
    const seen = summaryOf(story.view());
    assert.deepEqual([seen.members, seen.operators], ['a founder x', 'founder']);
    assert.match(seen.alarms, /over-use/);
    assert.equal(summaryOf(story.as('founder').evicts('a').view()).members, 'founder');
  });
});

describe('the recovery code', () => {
  it('stolen: who uses it becomes an operator in the open, once, and can be evicted', () => {
    // Goal: row 16, theft of the code. Method: c has stolen it and recovers; the founder sees it,
    // evicts it when it still stands above, and the next code is the thief's: the bound.
    const story = ofFour().as('c').recovers(1, 'code 1', 'thief');
    const seen = story.view();
    assert.equal(seen.recovery, 1);
    assert.equal(summaryOf(seen).operators, 'c founder');
    const answered = summaryOf(story.as('c').recovers(2, 'code 1', 'code 3').view());
    assert.equal(answered.operators, 'c founder', 'a code counts once');
    const evicted = ofFour().as('c').recovers(1, 'code 1', 'thief').as('founder').evicts('c');
    assert.equal(summaryOf(evicted.view()).operators, 'founder');
    const again = evicted.as('b').recovers(2, 'thief', 'next');
    assert.equal(
      summaryOf(again.view()).operators,
      'b founder',
      'the bound: its next code is good',
    );
  });

  it('lost: the mesh goes on with any operator, and without one nothing is taken away', () => {
    // Goal: row 16, loss. Method: no code is ever used; the founder is evicted by its junior, who
    // goes on; a member without the role cannot take it.
    const gone = ofTwoOperators().as('a').adopts('a').adopts('b').adopts('c').evicts('founder');
    assert.equal(summaryOf(gone.as('a').grants('c').view()).operators, 'a c');
    const bare = ofFour().as('a').grants('a').recovers(1, 'guess', 'next');
    assert.equal(summaryOf(bare.view()).operators, 'founder');
  });

  it('is not opened by a store that knows nobody', () => {
    // Goal: a root record alone makes no mesh. Method: an empty store has no operator at all.
    assert.deepEqual(openWorldStore('c').view().operators, []);
  });
});
