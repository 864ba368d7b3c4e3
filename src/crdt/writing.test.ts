import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from './codec.ts';
import type { Edit } from './entry.ts';
import { readStatement, statementHash } from './entry-bytes.ts';
import {
  at,
  commit,
  idOf,
  NOW,
  openTestStore,
  pair,
  picture,
  refusal,
  say,
  stateOf,
  testCrypto,
  verdictOf,
} from './test-mesh.ts';

describe('write', () => {
  it('changes nothing before the commit', () => {
    // Goal: durable first, then known. Method: every question before and after.
    const { founder } = pair();
    const before = picture(founder);
    const written = founder.write([at('intent/x', 1), at('member/version', '1')], NOW);
    assert.deepEqual(picture(founder), before);
    assert.equal(founder.winner('intent/x'), null);
    commit(written);
    assert.notDeepEqual(picture(founder), before);
    assert.equal(founder.valueOf(idOf('founder'), 'intent/x'), 1);
    assert.equal(founder.heads()[0]?.sequence, 1);
  });

  it('throws while a draft is open, and for one that ends twice', () => {
    // Goal: own writes run one after the other. Method: misuse, then the right way.
    const { founder } = pair();
    const written = founder.write([at('intent/x', 1)], NOW);
    assert.throws(() => founder.write([at('intent/x', 2)], NOW), /neither committed nor cancelled/);
    assert.throws(() => founder.nextGeneration(NOW), /neither committed nor cancelled/);
    commit(written);
    assert.throws(() => commit(written), /once/);
    say(founder, [at('intent/x', 2)], NOW);
  });

  it('writes one frame for a batch, the later edit of a path counting', () => {
    // Goal: one frame, rising stamps. Method: a batch with one path twice.
    const { founder } = pair();
    say(founder, [at('intent/x', 1), at('intent/y', 1), at('intent/x', 2)], NOW + 1);
    const stamps = stateOf(founder, 'founder').entries.map(({ path, value, hlc }) => [
      path,
      value,
      hlc,
    ]);
    assert.deepEqual(stamps.slice(0, 2), [
      ['intent/x', 2, [NOW + 1, 0]],
      ['intent/y', 1, [NOW + 1, 1]],
    ]);
    assert.equal(founder.heads()[0]?.sequence, 1);
  });

  it('stamps above everything seen, and names what it replaces', () => {
    // Goal: a causal write wins. Method: a, an operator, is 5 s ahead, the founder's clock right.
    const { founder, a } = pair();
    a.receive(say(founder, [at(`trust/role/${idOf('a')}`, { number: 1 })], NOW), NOW);
    founder.receive(say(a, [at('intent/x', 'a')], NOW + 5000), NOW);
    const winner = founder.winner('intent/x');
    assert.ok(winner !== null);
    say(founder, [at('intent/x', 'f')], NOW);
    const [written] = stateOf(founder, 'founder').entries;
    assert.deepEqual(written?.hlc, [NOW + 5000, 1]);
    assert.deepEqual(written?.replaces, statementHash(testCrypto, winner.statement));
    assert.equal(founder.winner('intent/x')?.author, idOf('founder'));
  });

  it('lets equal paths of own facts not compete', () => {
    // Goal: `member/…` is about the author. Method: both write one path; nothing is replaced.
    const { founder, a } = pair();
    founder.receive(say(a, [at('member/version', '1')], NOW), NOW);
    say(founder, [at('member/version', '2')], NOW);
    const [written] = stateOf(founder, 'founder').entries;
    assert.equal(written?.replaces, null);
    assert.equal(founder.valueOf(idOf('a'), 'member/version'), '1');
  });

  it('drops edits that change nothing, by table', () => {
    // Goal: rules may repeat themselves. Method: each edit against one known state.
    const { founder, a } = pair();
    say(founder, [at('intent/mine', { b: 1, a: [2] }), at('intent/gone', 1)], NOW);
    say(founder, [at('intent/gone', null)], NOW);
    say(founder, [at('intent/lost', 1)], NOW);
    a.receiveAll(founder.framesAfter(a.heads(), 1e9), NOW);
    founder.receive(say(a, [at('intent/lost', 2), at('intent/theirs', 1)], NOW), NOW);
    const cases: readonly (readonly [edit: Edit, kind: string])[] = [
      [at('intent/mine', { a: [2], b: 1 }), 'nothing'],
      [at('intent/gone', null), 'nothing'],
      [at('intent/never', null), 'nothing'],
      [at('member/never', null), 'nothing'],
      [at('intent/mine', { a: [2], b: 2 }), 'frame'],
      [at('intent/mine', null), 'frame'],
      [at('intent/gone', 1), 'frame'],
      [at('intent/lost', 1), 'frame'],
      [at('intent/theirs', 1), 'frame'],
      [at('intent/theirs', null), 'frame'],
    ];
    for (const [edit, kind] of cases) {
      const store = openTestStore('founder');
      store.load(founder.framesAfter([], 1e9), NOW);
      assert.equal(
        store.write([edit], NOW).kind,
        kind,
        `${edit.path} ${JSON.stringify(edit.value)}`,
      );
    }
    assert.equal(founder.write([], NOW).kind, 'nothing');
  });

  it('refuses what is over a limit, and can go on', () => {
    // Goal: a clear reason, nothing changed. Method: value, frame and quota, then a good one.
    const { a } = pair();
    const edits = (count: number, length: number): readonly Edit[] =>
      [...Array(count).keys()].map((index) => at(`member/k${index}`, new Uint8Array(length)));
    assert.match(refusal(a.write(edits(1, 8192), NOW)), /takes \d+ bytes, at most 8192/);
    assert.match(refusal(a.write(edits(10, 7000), NOW)), /is \d+ bytes long, at most 65536/);
    assert.match(refusal(a.write(edits(257, 1), NOW)), /257 keys, at most 256 fit/);
    assert.equal(a.heads().length, 1);
    say(a, edits(256, 1), NOW);
    assert.match(refusal(a.write([at('member/one-more', 1)], NOW)), /257 keys/);
    say(a, [at('member/k0', null), at('member/one-more', 1)], NOW);
    assert.match(refusal(a.write(edits(10, 7500).slice(1), NOW)), /\d+ bytes, at most 65536 fit/);
  });

  it('lets an operator say more', () => {
    // Goal: the role decides. Method: the same edits before and after the role is known.
    const { founder, a } = pair();
    const many = [...Array(300).keys()].map((index) => at(`intent/k${index}`, index));
    assert.equal(a.write(many, NOW).kind, 'refused');
    const role = say(founder, [at(`trust/role/${idOf('a')}`, { number: 1 })], NOW);
    a.receive(role, NOW);
    const frame = say(a, many, NOW);
    assert.equal(founder.receive(frame, NOW).verdict, 'taken');
    // Whoever has not heard of the role holds the frame, and takes it with the role.
    const behind = openTestStore('b');
    behind.receiveAll(founder.framesAfter([], 1).slice(0, 1), NOW);
    assert.deepEqual(behind.receive(frame, NOW), { verdict: 'held', why: 'quota' });
    assert.deepEqual(
      behind.receiveAll([frame, role], NOW).map(({ verdict }) => verdict),
      ['taken', 'taken'],
    );
  });

  it('lets an operator no more say less, until it says no more than a node', () => {
    // Goal: the way back is open. Method: 300 keys, the role is taken, then fewer and more keys.
    const { founder, a } = pair();
    const role = `trust/role/${idOf('a')}`;
    a.receive(say(founder, [at(role, { number: 1 })], NOW), NOW);
    const many = [...Array(300).keys()].map((index) => at(`intent/k${index}`, index));
    founder.receive(say(a, many, NOW), NOW);
    a.receive(say(founder, [at(role, null)], NOW), NOW);
    assert.match(refusal(a.write([at('intent/more', 1)], NOW)), /301 keys, at most 300 fit/);
    for (const frame of [
      say(a, [at('intent/k0', null)], NOW),
      commit(a.nextGeneration(NOW)),
      say(a, [at('intent/k1', null), at('member/version', '1')], NOW),
    ]) {
      assert.equal(founder.receive(frame, NOW).verdict, 'taken');
    }
    assert.deepEqual(picture(founder), picture(a));
    // Nor does a restart forget what was taken while it was an operator.
    const again = openTestStore('founder');
    again.load(founder.framesAfter([], 1e9), NOW);
    assert.deepEqual(picture(again), picture(founder));
  });

  it('throws for what no rule should write', () => {
    // Goal: programmers notice. Method: paths and values that are none.
    const { founder } = pair();
    for (const path of ['', '/x', 'x/', 'a//b', 'A', 'a/ü', 'a/..', 'x'.repeat(201)]) {
      assert.throws(() => founder.write([at(path, 1)], NOW), /is no path/, path);
    }
    assert.throws(() => founder.write([at('intent/x', 0.5)], NOW), /cannot encode/);
    say(founder, [at(`${'x'.repeat(198)}/y`, 1)], NOW);
  });

  it('keeps the document small over many overwrites', () => {
    // Goal: one writer compacts. Method: 500 overwrites of 3 paths stay under 1 KiB encoded.
    const { founder, a } = pair();
    for (let index = 0; index < 500; index++)
      say(founder, [at(`intent/p${index % 3}`, index)], NOW);
    const snapshot = commit(founder.nextGeneration(NOW));
    assert.ok(snapshot.length < 1024, `${snapshot.length} bytes`);
    assert.equal(a.receive(snapshot, NOW).verdict, 'taken');
  });
});

describe('a batch too long for a frame', () => {
  const large = [...Array(300).keys()].map((key) => at(`intent/k${key}`, new Uint8Array(400)));

  it('is said in the first frame of the next generation', () => {
    // Goal: no batch within the quota is refused for ever. Method: 120 KB at once, on top of more.
    const { founder, a } = pair();
    say(founder, [at('intent/before', 1), at('intent/k0', 1)]);
    const frame = say(founder, large);
    assert.ok(frame.length > 64 * 1024);
    assert.deepEqual(
      founder.heads().map(({ generation, sequence }) => [generation, sequence]),
      [[1, 0]],
    );
    assert.equal(founder.valueOf(idOf('founder'), 'intent/before'), 1);
    assert.deepEqual(founder.valueOf(idOf('founder'), 'intent/k0'), new Uint8Array(400));
    assert.equal(verdictOf(a.receive(frame, NOW)), 'taken');
    assert.deepEqual(picture(a), picture(founder));
    say(founder, [at('intent/after', 1)]);
    assert.equal(founder.heads()[0]?.sequence, 1);
  });

  it('is refused when it is over the quota, and nothing changed', () => {
    // Goal: the quota still holds. Method: the same batch by a member that is no operator.
    const { a } = pair();
    say(a, [at('member/version', '1')]);
    const before = picture(a);
    const written = a.write(large, NOW);
    assert.match(written.kind === 'refused' ? written.why : '', /300 keys|301 keys/);
    assert.deepEqual(picture(a), before);
    say(a, [at('member/version', '2')]);
    assert.equal(a.heads().find(({ author }) => author === idOf('a'))?.generation, 0);
  });
});

describe('statements', () => {
  it('read back only as they were written, by table', () => {
    // Goal: one spelling, exact fields. Method: good ones, and one thing wrong at a time.
    const good = { path: 'intent/x', value: 1, hlc: [1, 0], replaces: null };
    const cases: readonly (readonly [what: string, value: Edit['value'], isGood: boolean])[] = [
      ['entry', good, true],
      ['tombstone', { tombstone: new Uint8Array(32), hlc: [1, 0] }, true],
      ['no record', [1], false],
      ['path', { ...good, path: 'intent//x' }, false],
      ['replaces', { ...good, replaces: new Uint8Array(31) }, false],
      ['negative stamp', { ...good, hlc: [-1, 0] }, false],
      ['stamp of one number', { ...good, hlc: [1] }, false],
      ['far stamp', { ...good, hlc: [2 ** 48 + 1, 0] }, false],
      ['high counter', { ...good, hlc: [1, 2 ** 32 + 1] }, false],
      ['highest counter', { ...good, hlc: [1, 2 ** 32] }, true],
      ['short tombstone', { tombstone: new Uint8Array(31), hlc: [1, 0] }, false],
      ['more fields', { ...good, more: 1 }, false],
      ['fewer fields', { path: 'intent/x', value: 1, hlc: [1, 0] }, false],
      ['too long', { ...good, value: new Uint8Array(8192) }, false],
    ];
    for (const [what, value, isGood] of cases) {
      assert.equal(readStatement(encode(value)).ok, isGood, what);
    }
    assert.equal(readStatement(new Uint8Array()).ok, false);
  });
});
