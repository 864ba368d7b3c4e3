import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamState, YamuxStream } from '@libp2p/yamux/stream';
import { giveWindowBackByHalves } from './swarm-window.ts';

const WINDOW = 256 * 1024;

/** A stream on a muxer that only notes how much window it gives back. */
function openStream(state: StreamState) {
  const given: number[] = [];
  const log = Object.assign(() => undefined, { trace: () => undefined, error: () => undefined });
  const stream = new YamuxStream({
    id: '1',
    streamId: 1,
    state,
    direction: 'inbound',
    log: Object.assign(log, { newScope: () => log }) as never,
    getRTT: () => -1,
    sendFrame: ({ length }) => {
      given.push(length);
      return true;
    },
  });
  const hear = (bytes: number): void => {
    const header = { type: 0, flag: 0, streamID: 1, length: bytes };
    stream.handleData({ header, data: Buffer.alloc(bytes) } as never);
  };
  return { stream, given, hear };
}

test('swarm window: it is given back when half of it is used, and all of it', () => {
  // Goal: short messages cost one frame, long ones never stall. Method: bytes into one stream.
  giveWindowBackByHalves();
  const { given, hear } = openStream(StreamState.Established);
  hear(1_000);
  hear(WINDOW / 2 - 1_001);
  assert.deepEqual(given, []);
  hear(1);
  assert.deepEqual(given, [WINDOW / 2]);
  hear(WINDOW / 2 - 1);
  assert.deepEqual(given, [WINDOW / 2]);
});

test('swarm window: a stream that opens says so at once', () => {
  // Goal: the far end learns that its stream was accepted. Method: the first bytes of a stream.
  giveWindowBackByHalves();
  const { given, hear } = openStream(StreamState.SYNReceived);
  hear(10);
  assert.deepEqual(given, [10]);
});

test('swarm window: a stream that was paused gives back all that it held, once', () => {
  // Goal: whoever waited for a reader goes on. Method: most of the window while nobody reads.
  giveWindowBackByHalves();
  const { stream, given, hear } = openStream(StreamState.Established);
  stream.addEventListener('message', () => undefined);
  stream.pause();
  hear(WINDOW - 1);
  assert.deepEqual(given, []);
  stream.resume();
  assert.deepEqual(given, [WINDOW - 1]);
});
