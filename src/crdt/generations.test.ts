import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from './codec.ts';
import type { Edit } from './entry.ts';
import { pathHashOf, tombstoneOf } from './entry-bytes.ts';
import { type Frame, readFrame } from './frame.ts';
import { clientIdOf, inspectUpdate } from './gate.ts';
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
  refusal,
  say,
  stateOf,
  testCrypto,
} from './test-mesh.ts';

const additionsOf = (frame: Frame): number => {
  const client = clientIdOf(testCrypto, frame.author, frame.generation);
  const inspection = inspectUpdate(frame.body, { client, clock: 0 });
  return inspection.ok ? inspection.additions.length : -1;
};

describe('nextGeneration', () => {
  it('carries what is live with its stamps, and lasting tombstones by hash', () => {
    // Goal: nothing comes back, nothing wins anew. Method: deletions in lasting and other areas.
    const { founder, a } = pair();
    say(founder, [at('intent/live', 1), at('intent/x', 1), at('member/left', 1)], NOW);
    say(founder, [at('core/y', 1)], NOW);
    say(founder, [at('intent/x', null), at('member/left', null), at('core/y', null)], NOW + 1);
    const before = stateOf(founder, 'founder');
    commit(founder.nextGeneration(NOW + 5000));
    const after = stateOf(founder, 'founder');
    const live = before.entries.filter(({ value }) => value !== null);
    assert.deepEqual(after.entries, live);
    const pathHash = pathHashOf(testCrypto, 'intent/x');
    assert.deepEqual(after.tombstones, [tombstoneOf(pathHash, [NOW + 1, 0])]);
    commit(founder.nextGeneration(NOW + 6000));
    assert.deepEqual(stateOf(founder, 'founder'), after);
    a.receiveAll(founder.framesAfter(a.heads(), 1e9), NOW);
    assert.deepEqual(picture(a), picture(founder));
    assert.equal(founder.winner('intent/x')?.value, null);
  });

  it('carries what a later version said and this one does not read', () => {
    // Goal: unknown fields and kinds are kept and passed on. Method: a member that went back to
    // this version renews what the later one said: a kind, fields in a value, fields beside it.
    const { founder, a } = pair();
    const later = { path: 'member/x', value: 1, hlc: [1, 0], replaces: null, more: 1 };
    const contents = [
      encode(later),
      entryBytes('trust/vote/x', { kind: 'new' }),
      entryBytes('intent/firewall/web', { port: 1, colour: 'blue' }),
    ];
    const frame = forge('a', { body: bodyOf('a', contents) });
    a.load([frame], NOW);
    founder.receive(frame, NOW);
    for (const wallMs of [NOW + 1, NOW + 2]) commit(a.nextGeneration(wallMs));
    founder.receiveAll(a.framesAfter(founder.heads(), 1e9), NOW);
    for (const store of [founder, a]) {
      assert.equal(store.heads().find(({ author }) => author === idOf('a'))?.generation, 2);
      assert.equal(store.unreadable().length, 1);
      assert.deepEqual(
        { ...(store.valueOf(idOf('a'), 'trust/vote/x') as object) },
        { kind: 'new' },
      );
      const rule = store.valueOf(idOf('a'), 'intent/firewall/web') as object;
      assert.deepEqual({ ...rule }, { port: 1, colour: 'blue' });
    }
    const body = readFrame(a.framesAfter([], 1e9).at(-1) ?? new Uint8Array());
    assert.ok(body.ok && Buffer.from(body.frame.body).includes(Buffer.from(encode(later))));
  });

  it('drops the carried tombstone of a path that is written again', () => {
    // Goal: tombstones do not pile up. Method: delete, new generation, write again.
    const { founder } = pair();
    say(founder, [at('intent/x', 1)], NOW);
    say(founder, [at('intent/x', null)], NOW);
    commit(founder.nextGeneration(NOW));
    assert.equal(founder.write([at('intent/x', null)], NOW).kind, 'nothing');
    say(founder, [at('intent/x', 2)], NOW);
    assert.deepEqual(stateOf(founder, 'founder').tombstones, []);
    assert.equal(founder.winner('intent/x')?.value, 2);
  });

  it('is nothing for whoever has said nothing', () => {
    // Goal: no empty chains. Method: a fresh store.
    assert.equal(openTestStore('a').nextGeneration(NOW).kind, 'nothing');
    assert.equal(openTestStore('a').wantsGeneration(NOW), false);
  });

  it('is wanted after many frames or much garbage, and not again at once', () => {
    // Goal: chains stay short. Method: small overwrites to 1,000 frames; large ones to 64 KiB.
    const { founder } = pair();
    let frames = 0;
    while (!founder.wantsGeneration(NOW)) {
      say(founder, [at('intent/x', { count: frames, pad: new Uint8Array(200) })], NOW);
      frames += 1;
    }
    assert.ok(frames > 100 && frames < 300, `${frames} frames`);
    commit(founder.nextGeneration(NOW));
    assert.equal(founder.wantsGeneration(NOW), false);
    // With 120 KB live there are a thousand frames before there is four times that in garbage.
    const large = (area: string): readonly Edit[] =>
      [...Array(20).keys()].map((index) => at(`${area}/k${index}`, new Uint8Array(3000)));
    say(founder, large('intent'), NOW);
    say(founder, large('core'), NOW);
    let count = 3;
    while (!founder.wantsGeneration(NOW)) {
      say(founder, [at('intent/count', count)], NOW);
      count += 1;
    }
    assert.ok(count === 1001, `${count} frames`);
  });

  it('makes stamps anew that our clock, stepped back, would keep from everybody', () => {
    // Goal: others take us again. Method: written a day ahead, then the clock is put right.
    const { founder, a } = pair();
    const day = 86_400_000;
    say(founder, [at('intent/old', 1)], NOW);
    say(founder, [at('intent/x', 1), at('intent/y', 1)], NOW + day);
    assert.equal(founder.wantsGeneration(NOW + day), false);
    assert.equal(founder.wantsGeneration(NOW + 50), true);
    const verdicts = a.receiveAll(founder.framesAfter(a.heads(), 1e9), NOW + 50);
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ['taken', 'held'],
    );
    const snapshot = commit(founder.nextGeneration(NOW + 50));
    assert.equal(founder.wantsGeneration(NOW + 50), false);
    assert.equal(a.receive(snapshot, NOW + 50).verdict, 'taken');
    const stamps = stateOf(a, 'founder').entries.map(({ path, hlc }) => `${path} ${hlc.join('.')}`);
    assert.deepEqual(stamps.slice(0, 3), [
      `intent/old ${NOW}.1`,
      `intent/x ${NOW + 50}.0`,
      `intent/y ${NOW + 50}.1`,
    ]);
  });

  it('does not start anew again and again when ours is the clock that is behind', () => {
    // Goal: no storm of generations. Method: others' stamps are ahead of our wall clock.
    const { founder, a } = pair();
    a.receive(say(founder, [at('intent/x', 1)], NOW), NOW);
    say(a, [at('member/version', '1')], NOW);
    assert.equal(a.wantsGeneration(NOW - 3_600_000), false);
  });
});

describe('doubt', () => {
  it('never uses a place twice after a cancel', () => {
    // Goal: a frame that may be on disk is not shadowed. Method: cancel, write on, load both.
    const { founder } = pair();
    say(founder, [at('intent/x', 1)], NOW);
    const journal = [...founder.framesAfter([], 1e9)];
    const lost = founder.write([at('intent/x', 2)], NOW);
    assert.ok(lost.kind === 'frame');
    lost.cancel();
    assert.equal(founder.valueOf(idOf('founder'), 'intent/x'), 1);
    assert.equal(founder.wantsGeneration(NOW), true);
    assert.equal(founder.write([], NOW).kind, 'nothing');
    const next = say(founder, [at('intent/x', 3), at('intent/y', 1)], NOW);
    assert.deepEqual(founder.heads()[0]?.generation, 1);
    assert.equal(founder.valueOf(idOf('founder'), 'intent/x'), 3);
    const read = readFrame(next);
    assert.ok(read.ok);
    // The admission, and one statement for each of the two paths.
    assert.equal(additionsOf(read.frame), 3);
    assert.equal(founder.wantsGeneration(NOW), false);
    const again = openTestStore('founder');
    again.load([...journal, lost.bytes, next], NOW);
    assert.deepEqual(picture(again), picture(founder));
    say(founder, [at('intent/y', 2)], NOW);
    assert.equal(founder.heads()[0]?.sequence, 1);
    commit(founder.nextGeneration(NOW));
    assert.equal(founder.heads()[0]?.generation, 2);
  });

  it('never uses a place twice after a cancel of the very first frame', () => {
    // Goal: as before, with nothing to replace. Method: cancel, write, load both.
    const founder = openTestStore('founder');
    const lost = founder.write([admit('a')], NOW);
    assert.ok(lost.kind === 'frame');
    lost.cancel();
    const next = say(founder, [admit('b')], NOW);
    const again = openTestStore('founder');
    const verdicts = again.load([lost.bytes, next], NOW).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ['taken', 'taken']);
    assert.deepEqual(picture(again), picture(founder));
  });

  it('starts a new generation when own frames are missing after a load', () => {
    // Goal: a damaged journal does not make us equivocate. Method: the middle frame is lost.
    const { founder, a } = pair();
    for (const value of [1, 2, 3]) say(founder, [at('intent/x', value)], NOW);
    const frames = founder.framesAfter([], 1e9);
    a.receiveAll(frames, NOW);
    const again = openTestStore('founder');
    again.load(frames.toSpliced(2, 1), NOW);
    assert.equal(again.wantsGeneration(NOW), true);
    const next = say(again, [at('intent/y', 1)], NOW);
    assert.equal(a.receive(next, NOW).verdict, 'taken');
    assert.deepEqual(picture(a), picture(again));
  });

  it('takes from others what our disk lost, but only when our disk is in doubt', () => {
    // Goal: the loss is healed, a clone is not followed. Method: with doubt and without.
    const { founder } = pair();
    say(founder, [at('intent/x', 1)], NOW);
    const frames = founder.framesAfter([], 1e9);
    for (const hasDoubt of [true, false]) {
      const again = openTestStore('founder');
      again.load(frames.slice(0, 1), NOW);
      if (hasDoubt) again.distrustDisk();
      assert.equal(again.receiveAll(frames, NOW)[1]?.verdict, hasDoubt ? 'taken' : 'held');
      const written = again.write([at('intent/y', 1)], NOW);
      if (hasDoubt) assert.equal(written.kind, 'frame');
      else assert.match(refusal(written), /uses the key of this member/);
      assert.equal(again.wantsGeneration(NOW), hasDoubt);
    }
  });

  it('takes no own frames from others while one is being written', () => {
    // Goal: a draft is never overtaken. Method: doubt, an open draft, then what the disk lost.
    const { founder } = pair();
    say(founder, [at('intent/x', 1)], NOW);
    const frames = founder.framesAfter([], 1e9);
    const again = openTestStore('founder');
    again.load(frames.slice(0, 1), NOW);
    again.distrustDisk();
    const written = again.write([at('intent/y', 1)], NOW);
    assert.equal(again.receiveAll(frames, NOW)[1]?.verdict, 'held');
    commit(written);
    assert.equal(again.heads()[0]?.generation, 1);
  });

  it('says nothing while all that it said is lost', () => {
    // Goal: the first place is not used twice. Method: an empty store in doubt, then one own frame.
    const { founder } = pair();
    const frames = founder.framesAfter([], 1e9);
    const again = openTestStore('founder');
    again.distrustDisk();
    assert.match(refusal(again.write([at('intent/y', 1)], NOW)), /is lost from its disk/);
    again.receiveAll(frames, NOW);
    say(again, [at('intent/y', 1)], NOW);
    assert.equal(again.heads()[0]?.generation, 1);
  });

  it('does not believe in a clone without its signature', () => {
    // Goal: nobody else can stop us from writing. Method: as if by us, signed by another.
    const { founder, a } = pair();
    const own = say(a, [at('member/version', '1')], NOW);
    const forged = own.slice();
    forged[own.length - 1] = 1 - (own.at(-1) ?? 0);
    assert.equal(a.receive(forged, NOW).verdict, 'rejected');
    assert.equal(founder.receive(forged, NOW).verdict, 'rejected');
    say(a, [at('member/version', '2')], NOW);
  });
});
