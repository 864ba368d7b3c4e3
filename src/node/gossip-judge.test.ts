import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFrame, readFrame } from '../crdt/frame.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { createJudge } from './gossip-judge.ts';
import { openCrypto } from './linux/crypto.ts';
import { createMutes } from './rules/mutes.ts';
import { adoptionOf, createDisk, forksOf, open, testClock } from './test-replica.ts';

const LONG = 20_000;
const peer = 'peer' as PeerKey;

/** A judge over an honest replica, what the founder says next at length, and who was asked. */
async function stage() {
  const founder = await open(createDisk().disk);
  await founder.write([{ path: 'status/short', value: 1 }]);
  const first = founder.framesAfter([], 1e9);
  const text = (at: number) => ({ path: `status/long-${at}`, value: 'x'.repeat(5_000) });
  await founder.write([0, 1, 2, 3].map(text));
  const long = founder.framesAfter([], 1e9).at(-1) ?? new Uint8Array();
  assert.ok(long.length > LONG);
  const replica = await open(createDisk().disk, 8);
  assert.equal(replica.receive(first)[0]?.verdict, 'taken');
  const marked: PeerKey[] = [];
  const mutes = createMutes();
  const nothing = () => undefined;
  const judge = createJudge({
    ...{ clock: testClock, replica, strangers: new Map() },
    marks: { add: (each) => void marked.push(each) },
    isMuted: (each) => mutes.isMuted(each, testClock.nowMs),
    onBad: (each) => void mutes.blame(each, 1, testClock.nowMs),
    onFork: nothing,
    onFlood: nothing,
  });
  return { judge: (bytes: Uint8Array) => judge(peer, bytes), long, marked, replica };
}

/** The frame with one changed bit of its signature, another one for each number. */
function forged(frame: Uint8Array, number: number): Uint8Array {
  const read = readFrame(frame);
  assert.ok(read.ok);
  const { signature } = read.frame;
  const at = frame.findIndex((_, index) =>
    signature.every((byte, offset) => byte === frame[index + offset]),
  );
  const bytes = frame.slice();
  bytes[at + (number % signature.length)] = (bytes[at + (number % signature.length)] ?? 0) ^ 1;
  return bytes;
}

test('gossip judge: long forged frames are rejected, and then their sender is muted', async () => {
  // Goal: length hides nothing. Method: 50 forged frames of 20 KB in the founder's name; then a
  // good one of the same sender.
  const { judge, long, marked } = await stage();
  const verdicts = Array.from({ length: 50 }, (_, number) => judge(forged(long, number)));
  assert.deepEqual(verdicts.slice(0, 3), ['reject', 'reject', 'reject']);
  assert.ok(verdicts.slice(3).every((verdict) => verdict === 'ignore'));
  assert.equal(judge(long), 'ignore');
  assert.deepEqual(marked, [], 'nobody is asked for what was forged');
});

test('gossip judge: a long frame that is good, or of nobody known, is asked for', async () => {
  // Goal: the twin. Method: the good frame many times, one whose place is not known yet, and one of
  // an author that nobody certified.
  const { judge, long, marked, replica } = await stage();
  const read = readFrame(long);
  assert.ok(read.ok);
  const crypto = openCrypto();
  const later = { ...read.frame, sequence: 9 };
  const seed = new Uint8Array(32).fill(9);
  const unknown = { ...read.frame, author: crypto.publicKey(seed), sequence: 0, previous: null };
  const frames = [long, makeFrame(crypto, seed, unknown), makeFrame(crypto, seed, later)];
  for (const frame of frames) for (let n = 0; n < 10; n += 1) assert.equal(judge(frame), 'ignore');
  assert.equal(marked.length, 30);
  replica.receive([long]);
  for (let n = 0; n < 10; n += 1) assert.equal(judge(long), 'ignore');
  assert.equal(marked.length, 30, 'nobody is asked for what is known');
});

test('gossip judge: proofs of forks use up what is taken of their author', async () => {
  // Goal: no author gets more by saying two things each time. Method: 200 generations with two
  // first frames each, one after the other; the flood is told of, and the founder is still heard.
  const founder = await open(createDisk().disk);
  await founder.write([7, 8].map(adoptionOf));
  const replica = await open(createDisk().disk, 9);
  replica.receive(founder.framesAfter([], 1e9));
  const told: string[] = [];
  const nothing = () => undefined;
  const judge = createJudge({
    ...{ clock: testClock, replica, strangers: new Map(), marks: { add: nothing } },
    ...{ isMuted: () => false, onBad: nothing },
    onFork: () => void told.push('fork'),
    onFlood: () => void told.push('flood'),
  });
  for (const frame of forksOf(8, 200)) judge(peer, frame);
  const counts = ['fork', 'flood'].map((what) => told.filter((one) => one === what).length);
  assert.deepEqual(counts, [32, 400 - 64]);
  await founder.write([{ path: 'status/later', value: 1 }]);
  const last = founder.framesAfter([], 1e9).at(-1) ?? new Uint8Array();
  assert.equal(judge(peer, last), 'accept');
});
