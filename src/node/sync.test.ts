import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import { Fault } from '../fault.ts';
import type { Connection, RequestHandler, SwarmNode } from '../ports.ts';
import type { Replica } from './replica.ts';
import type { Ahead } from './rules/clocks.ts';
import { encodeSync, NO_INTRODUCTION } from './rules/sync-message.ts';
import { createSync } from './sync.ts';
import { createDisk, idOf, open as openReplica } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';
import { openTwins } from './test-twins.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };

type Answer = (wallMs?: number | null, frames?: readonly Uint8Array[]) => void;

/**
 * A sync loop whose peers answer when they are told to. Peers whose names begin with `invite` hold
 * invites.
 */
function stage(peers: readonly string[], receipt: Receipt = { verdict: 'held', why: 'gap' }) {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => void warnings.push(event),
    error: () => undefined,
  };
  const { clock, pass, step } = createTime();
  const open: { readonly peer: string; readonly answer: Answer }[] = [];
  const asked: string[] = [];
  const listeners = new Set<(peer: PeerKey) => void>();
  const ahead: Ahead[] = [];
  const served: { handler: RequestHandler | null } = { handler: null };
  const swarm = {
    self: 'self' as PeerKey,
    connections: () => peers.map((peer) => ({ peer }) as Connection),
    onConnectionChange: (listener: (peer: PeerKey) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: () => undefined,
    handle: (_name: string, _options: unknown, handler: RequestHandler) => {
      served.handler = handler;
      return () => undefined;
    },
    request: (peer: PeerKey) => {
      assert.ok(!open.some((one) => one.peer === peer), `two exchanges with ${peer}`);
      asked.push(peer);
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      const one = {
        peer,
        answer: (wallMs: number | null = null, frames: readonly Uint8Array[] = []) => {
          open.splice(open.indexOf(one), 1);
          resolve(encodeSync({ heads: [], frames, wallMs, ...NO_INTRODUCTION }));
        },
      };
      open.push(one);
      return promise;
    },
  } as unknown as SwarmNode;
  const replica = {
    receive: (frames: readonly Uint8Array[]) => frames.map(() => receipt),
    heads: () => [],
    framesAfter: () => [],
    onChange: () => () => undefined,
    reassure: () => undefined,
    confirm: () => undefined,
    ahead: () => ahead,
  } as unknown as Replica;
  const isMember = (peer: PeerKey): boolean => !peer.startsWith('invite');
  const sync = createSync({ clock, random, log }, replica, isMember, openTwins(1));
  const stop = new AbortController();
  const answer = async (peer: string, wallMs: number | null = null): Promise<void> => {
    open.find((one) => one.peer === peer)?.answer(wallMs);
    await settle();
  };
  const start = async (): Promise<() => Promise<void>> => {
    const done = sync.run(swarm, stop.signal);
    await settle();
    return async () => {
      stop.abort();
      for (const one of [...open]) one.answer();
      await done;
    };
  };
  const gone = (peer: string): void => {
    for (const listener of listeners) listener(peer as PeerKey);
  };
  return { sync, start, asked, answer, warnings, served, open, pass, step, ahead, gone };
}

const FROM = { standing: 'member' as const, remote: { host: '192.0.2.2', port: 1 } };

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

test('sync: whoever sends more than fits its share of the line is answered later', async () => {
  // Goal: catch-up is limited in bytes per second and peer. Method: 12 MiB at once, by two peers;
  // then so much that it is refused.
  const { start, served, pass } = stage([]);
  const end = await start();
  const ask = (peer: string, length: number) => {
    assert.ok(served.handler !== null);
    const frames = [new Uint8Array(length)];
    const request = encodeSync({ heads: [], frames, wallMs: null, ...NO_INTRODUCTION });
    const state = { isDone: false };
    const done = served.handler({ ...FROM, peer: peer as PeerKey }, request).then(() => {
      state.isDone = true;
    });
    return { state, done };
  };
  const MIB = 1024 * 1024;
  const [first, second, other] = [ask('a', 6 * MIB), ask('a', 6 * MIB), ask('b', 6 * MIB)];
  await settle();
  assert.deepEqual(
    [first, second, other].map(({ state }) => state.isDone),
    [true, false, true],
  );
  await pass(1_500);
  assert.ok(second.state.isDone);
  await Promise.all([first.done, second.done, other.done]);
  const many = [...Array(12).keys()].map(() => ask('a', 9 * MIB).done);
  const refused = assert.rejects(Promise.all(many), { code: 'refused' });
  await pass(60_000);
  await refused;
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
