/**
 * Edge: swarm streams — one message over one libp2p stream: four bytes of length, big-endian, then
 * the message.
 *
 * The length is judged before anything behind it is kept, so that a remote can never make this node
 * hold more than `bytesMax` and one window of the muxer. Sending is held back by the muxer's
 * windows; what waits is the message itself.
 */
import type { Stream } from '@libp2p/interface';

const HEADER_BYTES = 4;
/** How long the remote may take to read the end of a stream before it is reset. Unit: ms. */
const CLOSE_MS = 5_000;

/**
 * Reads one message. Must be called as soon as the stream is there. Rejects when it is longer than
 * `bytesMax`, when the stream ends before it is whole, and with the signal's reason when that
 * aborts.
 */
export function readMessage(
  stream: Stream,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const end = { signal: ended.signal };
    const fail = (error: unknown): void => {
      ended.abort();
      reject(error);
    };
    const accept = collect(bytesMax);
    if (signal.aborted) fail(signal.reason);
    if (stream.status !== 'open' && stream.readBufferLength === 0) fail(new Error('closed early'));
    signal.addEventListener('abort', () => fail(signal.reason), end);
    stream.addEventListener('close', ({ error }) => fail(error ?? new Error('closed early')), end);
    stream.addEventListener('remoteCloseWrite', () => fail(new Error('ended early')), end);
    stream.addEventListener(
      'message',
      ({ data }) => {
        try {
          const message = accept(data.subarray());
          if (message === null) return;
          ended.abort();
          resolve(message);
        } catch (error) {
          fail(error);
        }
      },
      end,
    );
  });
}

/** Takes chunks until the message is whole; gives it, or null for more. Throws when too long. */
const collect = (bytesMax: number): ((chunk: Uint8Array) => Uint8Array | null) => {
  const chunks: Uint8Array[] = [];
  let bytesHeld = 0;
  let length: number | null = null;
  return (chunk) => {
    chunks.push(chunk);
    bytesHeld += chunk.byteLength;
    if (bytesHeld < HEADER_BYTES) return null;
    length ??= Buffer.concat(chunks).readUInt32BE();
    if (length > bytesMax) throw new Error(`${length} bytes, ${bytesMax} are allowed`);
    if (bytesHeld < HEADER_BYTES + length) return null;
    if (bytesHeld > HEADER_BYTES + length) throw new Error('more than one message');
    return new Uint8Array(Buffer.concat(chunks).subarray(HEADER_BYTES));
  };
};

/**
 * Hands a message to the stream, which sends it as fast as the remote reads; rejects when it is
 * closed.
 */
export async function sendMessage(stream: Stream, body: Uint8Array): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(body.byteLength);
  stream.send(Buffer.concat([header, body]));
}

/**
 * Ends our side once everything is sent, and resets the stream when the remote does not end its own
 * in time.
 */
export async function finish(stream: Stream, sendMs: number): Promise<void> {
  try {
    await stream.close({ signal: AbortSignal.timeout(sendMs) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('not sent'));
    return;
  }
  const reset = setTimeout(() => stream.abort(new Error('left open')), CLOSE_MS).unref();
  if (stream.status === 'open') stream.addEventListener('close', () => clearTimeout(reset));
  else clearTimeout(reset);
}
