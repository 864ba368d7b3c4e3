/**
 * Edge: swarm line — messages on their way to one peer, and how they stand in a stream.
 *
 * 1. Nobody waits: what a slow peer does not take is dropped, oldest first. A message that comes
 *    late says less than the next one.
 * 2. Two bytes of length, big-endian, go before each message; of one that is announced longer than
 *    it may be nothing is kept.
 */
import type { Stream } from '@libp2p/interface';

/** Messages that wait for one peer, one channel. */
const WAITING_MAX = 16;
const HEADER_BYTES = 2;
/** What a stream is to its line. */
export type LineStream = Pick<
  Stream,
  'status' | 'send' | 'writableNeedsDrain' | 'addEventListener' | 'abort'
>;

/** What is on its way to one peer on one channel. */
export interface Line {
  /** False: an older one made room. */
  send(message: Uint8Array): boolean;
}

/** A line that opens its stream by `open`, when there is something to send. */
export function createLine(open: () => Promise<LineStream>): Line {
  const waiting: Uint8Array[] = [];
  let stream: LineStream | null = null;
  let isOpening = false;
  const flush = (): void => {
    if (stream?.status !== 'open') {
      stream = null;
      if (waiting.length > 0) reopen();
      return;
    }
    try {
      while (waiting.length > 0 && !stream.writableNeedsDrain) {
        stream.send(framed(waiting.shift() ?? new Uint8Array()));
      }
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('not sent'));
      stream = null;
    }
  };
  const reopen = (): void => {
    if (isOpening) return;
    isOpening = true;
    open().then(
      (opened) => {
        isOpening = false;
        stream = opened;
        opened.addEventListener('drain', flush);
        flush();
      },
      () => {
        // The peer does not know the channel, or the connection is gone: nobody hears these.
        isOpening = false;
        waiting.length = 0;
      },
    );
  };
  return {
    send: (message) => {
      waiting.push(message);
      const isFull = waiting.length > WAITING_MAX;
      if (isFull) waiting.shift();
      flush();
      return !isFull;
    },
  };
}

const framed = (message: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES + message.length);
  new DataView(bytes.buffer).setUint16(0, message.length);
  bytes.set(message, HEADER_BYTES);
  return bytes;
};

/** Takes chunks and gives the messages that are whole. Throws when one is announced too long. */
export function unframe(bytesMax: number): (chunk: Uint8Array) => readonly Uint8Array[] {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const messages: Uint8Array[] = [];
    while (held.length >= HEADER_BYTES) {
      const length = held.readUInt16BE();
      if (length > bytesMax) throw new Error(`${length} bytes, ${bytesMax} are allowed`);
      if (held.length < HEADER_BYTES + length) break;
      messages.push(new Uint8Array(held.subarray(HEADER_BYTES, HEADER_BYTES + length)));
      held = held.subarray(HEADER_BYTES + length);
    }
    return messages;
  };
}
