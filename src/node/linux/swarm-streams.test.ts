import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { peerKeyOf } from '../../crdt/ids.ts';
import { createShares } from './swarm-shares.ts';
import { readMessage, type SendingStream, sendMessage } from './swarm-streams.ts';

const MIB = 1_048_576;

/** A stream on which chunks come when told. */
const openStream = () => {
  const events = new EventTarget();
  const stream = Object.assign(events, { status: 'open', readBufferLength: 0 });
  const say = (chunk: Uint8Array): void => {
    events.dispatchEvent(Object.assign(new Event('message'), { data: { subarray: () => chunk } }));
  };
  return { stream: stream as unknown as Stream, say };
};

const header = (length: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};

const rest = new AbortController().signal;

test('streams: a message in single bytes is held once, not a chunk at a time', async () => {
  // Goal: bounded memory. Method: 256 KiB byte by byte; what is claimed is at most twice that, in
  // few steps; the message is whole.
  const { stream, say } = openStream();
  const claims: number[] = [];
  const reading = readMessage(stream, MIB, rest, (bytes) => void claims.push(bytes));
  const length = MIB / 4;
  for (const byte of header(length)) say(Uint8Array.of(byte));
  for (let index = 0; index < length; index += 1) say(Uint8Array.of(index & 0xff));
  const message = await reading;
  assert.equal(message.length, length);
  assert.ok(message.every((byte, index) => byte === (index & 0xff)));
  assert.ok(claims.length < 12, `${claims.length} claims`);
  assert.ok(claims.reduce((sum, bytes) => sum + bytes, 0) <= 2 * length + 8);
});

test('streams: what was only announced is not held', async () => {
  // Goal: no memory for a promise. Method: the header of 10 MiB and nothing more; then too much.
  const { stream, say } = openStream();
  let claimed = 0;
  const reading = readMessage(stream, 10 * MIB, rest, (bytes) => {
    claimed += bytes;
  });
  say(header(10 * MIB));
  assert.ok(claimed <= 1_024);
  const refused = assert.rejects(reading, /more than one message/);
  say(new Uint8Array(10 * MIB + 1));
  await refused;
  const long = openStream();
  const tooLong = readMessage(long.stream, 64, rest);
  long.say(header(65));
  await assert.rejects(tooLong, /65 bytes, 64 are allowed/);
});

test('streams: what is long is never copied whole, what is short holds nothing else', async () => {
  // Goal: no turn touches all of it. Method: where what came stands, 8 MiB and 8 bytes long;
  // of the first is claimed what it is long.
  const long = openStream();
  let claimed = 0;
  const reading = readMessage(long.stream, 8 * MIB, rest, (bytes) => {
    claimed += bytes;
  });
  long.say(header(8 * MIB));
  for (let n = 0; n < 128; n += 1) long.say(new Uint8Array(MIB / 16).fill(n));
  const message = await reading;
  assert.equal(message.byteLength, 8 * MIB);
  assert.ok(message.every((byte, index) => byte === index >> 16));
  assert.equal(message.buffer.byteLength, 8 * MIB + 4);
  assert.equal(claimed, 8 * MIB + 4);
  const short = openStream();
  const few = readMessage(short.stream, MIB, rest);
  short.say(Uint8Array.of(0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8));
  assert.equal((await few).buffer.byteLength, 8);
});

/** A stream that has room for so many pieces, until it is drained. */
const openSending = (room: number) => {
  const sent: number[] = [];
  const stream = Object.assign(new EventTarget(), {
    status: 'open',
    writableNeedsDrain: false,
    send: ({ byteLength }: Uint8Array) => {
      sent.push(byteLength);
      stream.writableNeedsDrain = sent.length % room === 0;
      return !stream.writableNeedsDrain;
    },
  });
  const drain = (): void => {
    stream.writableNeedsDrain = false;
    stream.dispatchEvent(new Event('drain'));
  };
  const close = (): void => {
    stream.status = 'closed';
    stream.dispatchEvent(new Event('close'));
  };
  return { stream: stream as unknown as SendingStream, sent, drain, close };
};

test('streams: what is long is sent a piece in a turn, and no faster than it is read', async () => {
  // Goal: others have their turns. Method: turns by hand; a stream with room for two pieces; then
  // one that is closed, and a signal, while it has no room; what is short goes at once.
  const turns: (() => void)[] = [];
  const inTurn = (goOn: () => void): void => void turns.push(goOn);
  const go = async (): Promise<void> => {
    turns.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const piece = 65_536;
  const { stream, sent, drain } = openSending(2);
  const sending = sendMessage(stream, new Uint8Array(3 * piece + 1), inTurn, rest);
  assert.deepEqual(sent, [piece + 4]);
  await go();
  await go();
  assert.deepEqual(sent, [piece + 4, piece]);
  drain();
  await go();
  assert.equal(sent.length, 3);
  await go();
  await sending;
  assert.deepEqual(sent, [piece + 4, piece, piece, 1]);
  const closed = openSending(1);
  const refused = assert.rejects(
    sendMessage(closed.stream, new Uint8Array(2 * piece), inTurn, rest),
    /closed early/,
  );
  await go();
  closed.close();
  await refused;
  const late = openSending(1);
  const over = new AbortController();
  const timed = assert.rejects(
    sendMessage(late.stream, new Uint8Array(2 * piece), inTurn, over.signal),
    /too late/,
  );
  await go();
  over.abort(new Error('too late'));
  await timed;
  const short = openSending(1);
  await sendMessage(short.stream, new Uint8Array(8), inTurn, rest);
  assert.deepEqual([short.sent, turns.length], [[12], 0]);
});

test('shares: one peer holds so much over all its streams, and nobody else pays', async () => {
  // Goal: many slow streams cost no more than one. Method: a peer's third message is refused, and
  // taken once another one ended; a second peer is free all the while.
  const shares = createShares(100);
  const [a, b] = [1, 2].map((n) => peerKeyOf(new Uint8Array(32).fill(n)));
  assert.ok(a !== undefined && b !== undefined);
  const [first, second, third] = [shares.open(a), shares.open(a), shares.open(a)];
  first.claim(60);
  second.claim(40);
  assert.throws(() => third.claim(1), /would hold more than 100 bytes/);
  shares.open(b).claim(100);
  first.end();
  first.end();
  third.claim(60);
  assert.throws(() => third.claim(1));
});
