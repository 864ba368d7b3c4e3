import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from './codec.ts';
import { frameHash } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { openPen } from './subdocument.ts';
import {
  admit,
  bodyOf,
  entryBytes,
  forge,
  idOf,
  NOW,
  openTestStore,
  pair,
  picture,
  say,
  seedOf,
  testCrypto,
  verdictOf,
} from './test-mesh.ts';

describe('receive', () => {
  it('takes good frames once', () => {
    // Goal: the plain way. Method: a frame and the same again.
    const { founder, a } = pair();
    const frame = say(a, [{ path: 'member/version', value: '1' }], NOW);
    assert.deepEqual(founder.receive(frame, NOW), { verdict: 'taken', author: idOf('a') });
    assert.deepEqual(founder.receive(frame, NOW), { verdict: 'known' });
    assert.equal(founder.valueOf(idOf('a'), 'member/version'), '1');
    assert.deepEqual(picture(founder), picture(a));
  });

  it('judges by table what it does not take', () => {
    // Goal: only what is bad for everybody is rejected, the rest is held; neither changes anything.
    const founder = openTestStore('founder');
    say(founder, [admit('a')], NOW);
    const known = forge('a', { body: bodyOf('a', [entryBytes('member/version', '1')]) });
    assert.equal(founder.receive(known, NOW).verdict, 'taken');
    const next = { sequence: 1, previous: frameHash(testCrypto, known) };
    const longBody = new Uint8Array(64 * 1024);
    const ahead = entryBytes('member/left', true, NOW + 10_001);
    const first = bodyOf('a', [entryBytes('member/left', true)]);
    const snapshot = { generation: 1, previous: [0, 9, new Uint8Array(32)] as const };
    const keys = [...Array(257).keys()].map((index) => entryBytes(`member/k${index}`, index));
    const aheadBody = bodyOf('a', [ahead], 1);
    const cases: readonly (readonly [what: string, frame: Uint8Array, verdict: string])[] = [
      ['junk', Uint8Array.of(1, 2, 3), 'rejected: encoding'],
      ['cut', known.subarray(0, -1), 'rejected: encoding'],
      ['longer than a frame', forge('a', { ...next, body: longBody }), 'rejected: size'],
      ['another mesh', forge('a', { ...next, mesh: new Uint8Array(32) }), 'rejected: mesh'],
      ['signed by another', forge('a', { ...next, signer: 'b' }), 'rejected: signature'],
      ['an update that is none', forge('a', { ...next, body: first }), 'rejected: structure'],
      ['that, signed by another', forge('a', { body: first, signer: 'b' }), 'rejected: signature'],
      ['nobody has certified', forge('b', {}), 'held: unknown-author'],
      ['a frame is missing', forge('a', { ...next, sequence: 2 }), 'held: gap'],
      ['a fork', forge('a', { ...next, previous: new Uint8Array(32) }), 'held: gap'],
      ['the start is missing', forge('a', { ...next, generation: 1 }), 'held: gap'],
      ['ahead', forge('a', { ...snapshot, body: aheadBody }), 'held: ahead'],
      ['too many keys', forge('a', { ...snapshot, body: bodyOf('a', keys, 1) }), 'held: quota'],
      [
        'by our own key',
        forge('founder', { sequence: 1, previous: new Uint8Array(32) }),
        'held: own',
      ],
      ['as if by our own key', forge('founder', { signer: 'a' }), 'rejected: signature'],
    ];
    const before = picture(founder);
    for (const [what, frame, verdict] of cases) {
      assert.equal(verdictOf(founder.receive(frame, NOW)), verdict, what);
      assert.deepEqual(picture(founder), before, what);
    }
    assert.equal(founder.receive(forge('a', { ...next }), NOW).verdict, 'taken');
  });

  it('never lets a held frame raise our clock', () => {
    // Goal: a far clock poisons nobody. Method: one ms beyond the 10 s, just within them (which is
    // taken, and followed half of the way), and within what is followed.
    const { founder } = pair();
    const body = (ms: number): Uint8Array => bodyOf('a', [entryBytes('member/left', true, ms)]);
    founder.receive(forge('a', { body: body(NOW + 10_001) }), NOW);
    say(founder, [{ path: 'intent/x', value: 1 }], NOW);
    assert.deepEqual(founder.winner('intent/x')?.hlc, [NOW, 1]);
    assert.equal(founder.receive(forge('a', { body: body(NOW + 10_000) }), NOW).verdict, 'taken');
    say(founder, [{ path: 'intent/x', value: 2 }], NOW);
    assert.deepEqual(founder.winner('intent/x')?.hlc, [NOW + 5_000, 1]);
    const { founder: other } = pair();
    other.receive(forge('a', { body: body(NOW + 4_999) }), NOW);
    say(other, [{ path: 'intent/x', value: 2 }], NOW);
    assert.deepEqual(other.winner('intent/x')?.hlc, [NOW + 4_999, 1]);
  });

  it('remembers the highest stamp, not the last', () => {
    // Goal: a new stamp is above all seen. Method: a frame that steps back, from a hostile author.
    const { founder } = pair();
    const pen = openPen(clientIdOf(testCrypto, testCrypto.publicKey(seedOf('a')), 0), null);
    const first = forge('a', { body: pen.write([], [entryBytes('member/left', 1, NOW + 4000)]) });
    const previous = frameHash(testCrypto, first);
    const body = pen.write([0], [entryBytes('member/left', 2, NOW)]);
    founder.receiveAll([first, forge('a', { sequence: 1, previous, body })], NOW);
    assert.equal(founder.valueOf(idOf('a'), 'member/left'), 2);
    say(founder, [{ path: 'intent/x', value: 1 }], NOW);
    assert.deepEqual(founder.winner('intent/x')?.hlc, [NOW + 4000, 1]);
  });

  it('keeps frames of its own, whatever becomes of the buffer', () => {
    // Goal: callers may reuse buffers. Method: overwrite what was received.
    const { founder, a } = pair();
    const buffer = say(a, [{ path: 'member/version', value: '1' }], NOW).slice();
    const frame = buffer.slice();
    founder.receive(buffer, NOW);
    buffer.fill(0);
    assert.deepEqual(founder.framesAfter([], 1e9).at(-1), frame);
  });

  it('settles equal stamps by author', () => {
    // Goal: FORMATS, "Order": (hlc, author). Method: two authors, one stamp, both arrivals.
    const [low, high] = [idOf('a'), idOf('b')].toSorted();
    for (const names of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const store = openTestStore('founder');
      say(store, [admit('a'), admit('b')], NOW);
      for (const name of names) {
        store.receive(forge(name, { body: bodyOf(name, [entryBytes('intent/x', name)]) }), NOW);
      }
      assert.equal(store.winner('intent/x')?.author, high);
      assert.notEqual(low, high);
    }
  });

  it('keeps and passes on what it cannot read', () => {
    // Goal: a later version may say more. Method: contents of three kinds that do not read.
    const { founder, a } = pair();
    const contents = [
      Uint8Array.of(0xff),
      encode({ path: 'Member/x', value: 1, hlc: [1, 0], replaces: null }),
      encode({ path: 'member/x', value: 1, hlc: [1, 0], replaces: null, more: 1 }),
      entryBytes('member/version', '1'),
    ];
    const frame = forge('a', { body: bodyOf('a', contents) });
    assert.equal(founder.receive(frame, NOW).verdict, 'taken');
    assert.equal(founder.unreadable().length, 3);
    assert.equal(founder.valueOf(idOf('a'), 'member/version'), '1');
    assert.deepEqual(founder.framesAfter(a.heads(), 1e9), [frame]);
  });

  it('lets the later of two statements for one path hold', () => {
    // Goal: a hostile author makes no difference between members. Method: by stamp, then by place.
    const { founder } = pair();
    const contents = [
      entryBytes('member/left', 'late', NOW + 5),
      entryBytes('member/left', 'early', NOW),
      entryBytes('member/version', 'first'),
      entryBytes('member/version', 'second'),
    ];
    founder.receive(forge('a', { body: bodyOf('a', contents) }), NOW);
    assert.equal(founder.valueOf(idOf('a'), 'member/left'), 'late');
    assert.equal(founder.valueOf(idOf('a'), 'member/version'), 'second');
  });

  it('goes on taking frames of an evicted author', () => {
    // Goal: heads stay equal everywhere; the projection voids. Method: its first frame comes late.
    const { founder, a } = pair();
    const frame = say(a, [{ path: 'member/version', value: '1' }], NOW);
    say(founder, [{ path: admit('a').path, value: null }], NOW);
    assert.equal(verdictOf(founder.receive(frame, NOW)), 'held: unknown-author');
    say(founder, [{ path: `trust/evict/${idOf('a')}`, value: true }], NOW);
    assert.equal(founder.receive(frame, NOW).verdict, 'taken');
  });
});

describe('receiveAll', () => {
  it('takes a whole mesh in the worst order', () => {
    // Goal: order is no matter. Method: a chain of admissions, its frames reversed.
    const names = ['founder', 'a', 'b', 'c', 'd'];
    const stores = names.map((name) => openTestStore(name));
    for (const [index, store] of stores.entries()) {
      for (const earlier of stores.slice(0, index)) {
        store.receiveAll(earlier.framesAfter(store.heads(), 1e9), NOW);
      }
      say(store, [admit(names[index + 1] ?? 'z')], NOW);
      say(store, [{ path: 'member/version', value: index }], NOW);
    }
    const last = stores.at(-1);
    assert.ok(last !== undefined);
    const frames = last.framesAfter([], 1e9).toReversed();
    const fresh = openTestStore('z');
    assert.ok(fresh.receiveAll(frames, NOW).every(({ verdict }) => verdict === 'taken'));
    assert.deepEqual(picture(fresh), picture(last));
  });

  it('gives receipts in the order of the frames', () => {
    // Goal: callers journal what was taken. Method: good, bad and early frames mixed.
    const { founder, a } = pair();
    const first = say(a, [{ path: 'member/version', value: 1 }], NOW);
    const second = say(a, [{ path: 'member/version', value: 2 }], NOW);
    const receipts = founder.receiveAll([second, Uint8Array.of(0), first, forge('b', {})], NOW);
    assert.deepEqual(receipts.map(verdictOf), [
      'taken',
      'rejected: encoding',
      'taken',
      'held: unknown-author',
    ]);
  });
});

describe('load', () => {
  it('takes own frames back, and those of others whatever their stamps', () => {
    // Goal: a restart loses nothing. Method: all frames, with a clock that stepped back a day.
    const { founder, a } = pair();
    founder.receive(say(a, [{ path: 'member/version', value: 1 }], NOW), NOW);
    const again = openTestStore('a');
    const earlier = NOW - 86_400_000;
    assert.ok(
      again.load(founder.framesAfter([], 1e9), earlier).every((r) => r.verdict === 'taken'),
    );
    assert.deepEqual(picture(again), picture(a));
    const outside = openTestStore('a');
    outside.receiveAll(founder.framesAfter([], 1e9), NOW);
    assert.equal(outside.heads().length, 1);
  });

  it('takes own frames though nobody who certifies us is in the journal', () => {
    // Goal: what was fsynced is not forgotten. Method: only our own frame is left.
    const { a } = pair();
    const own = say(a, [{ path: 'member/version', value: 1 }], NOW);
    const again = openTestStore('a');
    assert.equal(again.load([own], NOW)[0]?.verdict, 'taken');
    assert.equal(openTestStore('b').load([own], NOW)[0]?.verdict, 'held');
  });
});
