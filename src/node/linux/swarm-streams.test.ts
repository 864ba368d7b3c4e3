import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { peerKeyOf } from '../../crdt/ids.ts';
import { createShares } from './swarm-shares.ts';
import { readMessage } from './swarm-streams.ts';

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
