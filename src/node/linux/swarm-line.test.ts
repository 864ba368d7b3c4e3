import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLine, type LineStream, unframe } from './swarm-line.ts';

/** A stream that takes `room` messages until it is drained. */
const slowStream = (room: number) => {
  const sent: number[] = [];
  let drain = (): void => undefined;
  const stream = {
    status: 'open',
    writableNeedsDrain: false,
    send: (bytes: Uint8Array) => {
      sent.push(bytes[2] ?? -1);
      stream.writableNeedsDrain = sent.length % room === 0;
      return !stream.writableNeedsDrain;
    },
    addEventListener: (_name: string, listener: () => void) => {
      drain = listener;
    },
    abort: () => undefined,
  };
  const goOn = (): void => {
    stream.writableNeedsDrain = false;
    drain();
  };
  return { stream: stream as unknown as LineStream, sent, goOn };
};

const numbered = (n: number): Uint8Array => Uint8Array.of(n);

test('messages: a peer that does not read holds nobody up, and gets the newest', async () => {
  // Goal: a bounded queue that drops the old. Method: a stream that takes four, a hundred messages,
  // then it is drained; a second stream when the first has ended; one that cannot be opened.
  const slow = slowStream(4);
  const fresh = slowStream(100);
  const streams = [slow.stream, fresh.stream];
  const line = createLine(async () => streams.shift() ?? Promise.reject(new Error('gone')));
  line.send(numbered(0));
  await Promise.resolve();
  await Promise.resolve();
  for (let n = 1; n <= 100; n += 1) line.send(numbered(n));
  assert.deepEqual(slow.sent, [0, 1, 2, 3]);
  slow.goOn();
  assert.deepEqual(slow.sent, [0, 1, 2, 3, 85, 86, 87, 88]);
  (slow.stream as { status: string }).status = 'closed';
  line.send(numbered(101));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(fresh.sent, [89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101]);
  (fresh.stream as { status: string }).status = 'closed';
  line.send(numbered(102));
  await new Promise((resolve) => setImmediate(resolve));
  line.send(numbered(103));
  assert.equal(fresh.sent.at(-1), 101);
});

test('messages: chunks of any size give the same messages, and too long a one is refused', () => {
  // Goal: framing. Method: three messages, cut at each place; then a length above the bound.
  const bytes = Uint8Array.of(0, 1, 7, 0, 0, 0, 2, 8, 9);
  const expected = [Uint8Array.of(7), new Uint8Array(), Uint8Array.of(8, 9)];
  for (let at = 0; at <= bytes.length; at += 1) {
    const take = unframe(2);
    const taken = [...take(bytes.subarray(0, at)), ...take(bytes.subarray(at))];
    assert.deepEqual(taken, expected);
  }
  assert.throws(() => unframe(2)(Uint8Array.of(0, 3)), /3 bytes, 2 are allowed/);
});
