import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { encodeSync, NO_INTRODUCTION } from './rules/sync-message.ts';
import { FROM, stage } from './test-sync.ts';
import { settle } from './test-time.ts';

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
  await pass(1); // What is long waits for a turn.
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

test('sync: who asks without end is answered so often, and nobody else waits', async () => {
  // Goal: small requests cost work, too. Method: 4,000 empty ones at once by one peer; some are
  // answered, some wait, the rest is refused; another peer is answered at once.
  const { start, served, pass } = stage([]);
  const end = await start();
  const empty = encodeSync({ heads: [], frames: [], wallMs: null, ...NO_INTRODUCTION });
  let [answered, refused] = [0, 0];
  const ask = async (peer: string): Promise<void> => {
    assert.ok(served.handler !== null);
    const answer = served.handler({ ...FROM, peer: peer as PeerKey }, empty);
    const isAnswered = await answer.then(
      () => true,
      () => false,
    );
    if (isAnswered) answered += 1;
    else refused += 1;
  };
  const all = Array.from({ length: 4_000 }, () => ask('a'));
  await settle();
  assert.ok(answered > 500 && answered < 1_200, `${answered} at once`);
  assert.ok(refused > 300, `${refused} refused`);
  const before = answered;
  await ask('b');
  assert.equal(answered, before + 1);
  await pass(60_000);
  await Promise.all(all);
  await end();
});

test('sync: of many that ask for much at once, no more is given than the line takes', async () => {
  // Goal: bounded memory, whoever asks at once. Method: 128 empty requests by one peer that lacks
  // 8 MiB; the burst and what a wait of 10 s covers is given, the rest is refused; another asks.
  const { start, served, lacking, pass } = stage([]);
  const end = await start();
  const MIB = 1024 * 1024;
  lacking.push(new Uint8Array(8 * MIB));
  const empty = encodeSync({ heads: [], frames: [], wallMs: null, ...NO_INTRODUCTION });
  const ask = async (peer: string): Promise<number> => {
    assert.ok(served.handler !== null);
    const answer = served.handler({ ...FROM, peer: peer as PeerKey }, empty);
    return await answer.then(
      ({ length }) => length,
      () => 0,
    );
  };
  const asked = Array.from({ length: 128 }, () => ask('a'));
  await pass(1);
  const given = (await Promise.all(asked)).reduce((sum, length) => sum + length, 0);
  assert.ok(given >= 8 * MIB && given < 60 * MIB, `${given} bytes`);
  assert.ok((await ask('b')) > 8 * MIB);
  await end();
});
