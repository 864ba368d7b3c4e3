import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import { Fault } from '../fault.ts';
import { GOSSIP_BYTES_MAX } from './relay.ts';
import { encodeSync, NO_INTRODUCTION } from './rules/sync-message.ts';
import { createDisk, idOf, open as openReplica } from './test-replica.ts';
import { FROM, stage } from './test-sync.ts';
import { settle } from './test-time.ts';

/** Own frames of the member with that key. */
async function framesOf(fill: number, count: number): Promise<readonly Uint8Array[]> {
  const replica = await openReplica(createDisk().disk, fill);
  for (let value = 0; value < count; value += 1) await replica.write([{ path: 'intent/x', value }]);
  return replica.framesAfter([], Number.POSITIVE_INFINITY);
}

const gap = (from: string, sync: ReturnType<typeof stage>['sync']): void => {
  sync.judge(from as PeerKey, new Uint8Array());
};

test('sync: who sends what is bad for everybody is scored, nobody else', () => {
  // Goal: no author can make honest members score each other. Method: a receipt of each kind.
  const verdictOn = (receipt: Receipt) =>
    stage([], receipt).sync.judge('peer' as PeerKey, new Uint8Array());
  assert.equal(verdictOn({ verdict: 'rejected', why: 'signature', detail: '' }), 'reject');
  assert.equal(verdictOn({ verdict: 'forked', author: idOf(1) }), 'ignore');
  assert.equal(verdictOn({ verdict: 'known' }), 'ignore');
});

test('sync: what is long is not judged as gossip: whoever sent it is asked', async () => {
  // Goal: gossip, which is judged in one piece, takes little, and nobody sends bytes that are none
  // for nothing. Method: a long frame, a short one, and long bytes, to a replica that takes all.
  const { sync, start, asked, answer } = stage(['a'], { verdict: 'taken', author: idOf(8) });
  const end = await start();
  await answer('a');
  const before = asked.length;
  const judge = (frame: Uint8Array) => sync.judge('a' as PeerKey, frame);
  const [short = new Uint8Array()] = await framesOf(8, 1);
  assert.equal(judge(short), 'accept');
  assert.equal(judge(new Uint8Array(20_000)), 'accept');
  await settle();
  assert.equal(asked.length, before);
  assert.equal(judge(await longFrame()), 'ignore');
  await settle();
  assert.equal(asked.length, before + 1);
  await end();
});

/** A frame of 20 KiB. */
async function longFrame(): Promise<Uint8Array> {
  const replica = await openReplica(createDisk().disk);
  const texts = Array.from({ length: 4 }, (_, at) => ({
    path: `status/long-${at}`,
    value: 'x'.repeat(5_000),
  }));
  await replica.write(texts);
  return replica.framesAfter([], 1e9).at(-1) ?? new Uint8Array();
}

test('sync: a peer that does not answer holds up nobody else', async () => {
  // Goal: anti-entropy goes on with all others. Method: one never answers; a gap at another.
  const { sync, start, asked, answer } = stage(['slow', 'quick']);
  const end = await start();
  assert.deepEqual(asked, ['slow', 'quick']);
  await answer('quick');
  gap('quick', sync);
  await settle();
  assert.deepEqual(asked, ['slow', 'quick', 'quick']);
  await end();
});

test('sync: one exchange with a peer at a time, and one more for what came meanwhile', async () => {
  // Goal: no mark is lost, none is served twice. Method: two gaps and a wish during an exchange.
  const { sync, start, asked, answer } = stage(['a']);
  const end = await start();
  gap('a', sync);
  gap('a', sync);
  const wish = sync.with('a' as PeerKey);
  await settle();
  assert.deepEqual(asked, ['a']);
  await answer('a');
  assert.deepEqual(asked, ['a', 'a']);
  await answer('a');
  assert.equal(await wish, true);
  await answer('a');
  await answer('a');
  assert.ok(asked.length <= 3, `${asked.length} exchanges`);
  await end();
});

test('sync: of many new connections a few are asked at a time, and then the others', async () => {
  // Goal: bounded work, nobody forgotten. Method: 20 peers; count who is asked and not answered.
  const peers = [...Array(20).keys()].map((index) => `p${index}`);
  const { start, asked, answer, open } = stage(peers);
  const end = await start();
  assert.equal(open.length, 8);
  while (open.length > 0) {
    await answer(open[0]?.peer ?? '');
    assert.ok(open.length <= 8);
  }
  assert.deepEqual(asked.toSorted(), peers.toSorted());
  await end();
});

test('sync: the holder of an invite is asked nothing', async () => {
  // Goal: no warning at every join. Method: one connection of each kind, and a round.
  const { start, asked, warnings } = stage(['invite 1', 'member']);
  const end = await start();
  assert.deepEqual(asked, ['member']);
  assert.deepEqual(warnings, []);
  await end();
});

test('sync: a request that is none is refused by name', async () => {
  // Goal: what others send is no bug of ours. Method: bytes that no version makes.
  const { start, served } = stage([]);
  const end = await start();
  assert.ok(served.handler !== null);
  const asked = served.handler({ ...FROM, peer: 'p' as PeerKey }, Uint8Array.of(255));
  await assert.rejects(asked, (error) => {
    return error instanceof Fault && error.code === 'refused';
  });
  await end();
});

test('sync: of one author only so many frames a second are taken from gossip', async () => {
  // Goal: one member cannot keep everybody busy. Method: 100 good frames of one author at once, one
  // of another; then the peer that sent them is asked for the rest.
  const flood = stage(['a'], { verdict: 'taken', author: idOf(8) });
  const end = await flood.start();
  await flood.answer('a');
  const verdicts = await framesOf(8, 100);
  const judged = verdicts.map((frame) => flood.sync.judge('a' as PeerKey, frame));
  assert.equal(judged.filter((verdict) => verdict === 'accept').length, 64);
  assert.equal(judged.at(-1), 'ignore');
  const [other = new Uint8Array()] = await framesOf(7, 1);
  assert.equal(flood.sync.judge('a' as PeerKey, other), 'accept');
  const before = flood.asked.length;
  await flood.pass(500);
  assert.equal(flood.asked.length, before);
  await flood.pass(1_000);
  assert.equal(flood.asked.length, before + 1);
  await end();
});

test('sync: clocks are read off quick answers, and forgotten with the peer', async () => {
  // Goal: a VM knows that its own clock is wrong. Method: an answer in time, a late one, a peer
  // that goes.
  const { start, answer, pass, sync, gone } = stage(['a', 'b']);
  const end = await start();
  assert.deepEqual([...sync.skewsMs()], []);
  await answer('a', 1_000_000 - 73_000);
  assert.deepEqual([...sync.skewsMs()], [['a', -73_000]]);
  await pass(3_000);
  await answer('b', 1_000_000);
  assert.deepEqual([...sync.skewsMs()], [['a', -73_000]]);
  gone('a');
  assert.deepEqual([...sync.skewsMs()], []);
  await end();
});

test("sync: a clock that was set, ours or a peer's, is read anew at once", async () => {
  // Goal: alarms come and go soon. Method: a peer that asks with another time; then a step here.
  const { start, asked, answer, pass, step, served } = stage(['a', 'b', 'c']);
  const end = await start();
  for (const peer of ['a', 'b', 'c']) await answer(peer, 1_000_000);
  await pass(15_000);
  const hears = async (wallMs: number): Promise<void> => {
    const request = encodeSync({ heads: [], frames: [], wallMs, ...NO_INTRODUCTION });
    await served.handler?.({ ...FROM, peer: 'b' as PeerKey }, request);
    await settle();
  };
  await hears(1_014_000);
  assert.equal(asked.length, 3);
  await hears(8_214_000);
  assert.deepEqual(asked.slice(3), ['b']);
  await answer('b', 8_215_000);
  step(-600_000);
  await pass(30_000);
  assert.deepEqual(asked.slice(4).toSorted(), ['a', 'b', 'c']);
  await end();
});

test('sync: whoever is ahead of our clock is asked at each round', async () => {
  // Goal: its alarm lasts as long as its clock is wrong. Method: two peers; the last is ahead.
  const { start, asked, answer, pass, ahead } = stage(['a', 'b', 'c']);
  const end = await start();
  for (const peer of ['a', 'b', 'c']) await answer(peer);
  ahead.push({ author: 'c' as MemberId, aheadMs: 20_000 });
  await pass(40_000);
  assert.deepEqual(asked.slice(3), ['a', 'c']);
  await end();
});

test('sync: a peer that keeps asking for notice keeps nobody from being drawn', async () => {
  // Goal: who lacks something asks for it within 30 s, whatever one peer sends. Method: a gap at
  // one of two every 5 s; the other is the one that is drawn.
  const { sync, start, asked, answer, pass } = stage(['a', 'b']);
  const end = await start();
  for (const peer of ['a', 'b']) await answer(peer);
  for (let passedMs = 0; passedMs < 30_000; passedMs += 5_000) {
    gap('b', sync);
    await settle();
    await answer('b');
    await pass(5_000);
  }
  assert.deepEqual(
    asked.slice(2).filter((peer) => peer === 'a'),
    ['a'],
  );
  await end();
});

test('sync: a peer that always has more does not keep its turn, and gets another', async () => {
  // Goal: nobody holds one of the few turns for ever. Method: news in each answer, for a minute; 8
  // of 9 peers have a turn.
  const peers = [...Array(9).keys()].map((index) => `p${index}`);
  const { start, asked, open, pass } = stage(peers, { verdict: 'taken', author: idOf(8) });
  const end = await start();
  assert.ok(!asked.includes('p8'));
  await pass(61_000);
  // Not the first one, which is drawn for the round.
  open[1]?.answer(null, [Uint8Array.of(1)]);
  await settle();
  assert.ok(asked.includes('p8'));
  open.find(({ peer }) => peer === 'p8')?.answer();
  await settle();
  assert.equal(asked.filter((peer) => peer === 'p1').length, 2);
  await end();
});

test('sync: the short frame that a neighbour brought goes on by gossip', async () => {
  // Goal: in a crowd nobody has an exchange for what gossip brings. Method: a brings one frame.
  const { sync, start, asked, published, answer, open } = stage(['a', 'b'], {
    ...{ verdict: 'taken', author: idOf(8) },
  });
  const end = await start();
  for (const peer of ['a', 'b']) await answer(peer);
  const before = asked.length;
  const wish = sync.with('a' as PeerKey);
  await settle();
  open.find(({ peer }) => peer === 'a')?.answer(null, [Uint8Array.of(1)]);
  await settle();
  await answer('a');
  assert.equal(await wish, true);
  await settle();
  assert.deepEqual(published, [Uint8Array.of(1)]);
  assert.ok(!asked.slice(before).includes('b'));
  await end();
});

test('sync: what is long is passed on at once, and again not before 2 s', async () => {
  // Goal: one change is quick, and what a crowd brings travels together. Method: a brings something
  // three times in a second; b has nothing new.
  const { sync, start, asked, published, answer, open, pass } = stage(['a', 'b'], {
    ...{ verdict: 'taken', author: idOf(8) },
  });
  const end = await start();
  for (const peer of ['a', 'b']) await answer(peer);
  await pass(3_000);
  const before = asked.length;
  const toB = () => asked.slice(before).filter((peer) => peer === 'b').length;
  const bring = async (): Promise<void> => {
    const wish = sync.with('a' as PeerKey);
    await settle();
    open.find(({ peer }) => peer === 'a')?.answer(null, [new Uint8Array(GOSSIP_BYTES_MAX + 1)]);
    await settle();
    await answer('a');
    assert.equal(await wish, true);
    await settle();
  };
  await bring();
  assert.equal(toB(), 1);
  await answer('b');
  await pass(500);
  await bring();
  await pass(500);
  await bring();
  assert.equal(toB(), 1);
  await pass(1_000);
  assert.equal(toB(), 2);
  await answer('b');
  await pass(5_000);
  assert.equal(toB(), 2);
  assert.deepEqual(published, []);
  await end();
});
