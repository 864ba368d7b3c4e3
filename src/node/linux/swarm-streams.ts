/**
 * Edge: swarm streams — one message over one libp2p stream: four bytes of length, big-endian, then
 * the message.
 *
 * The length is judged before anything behind it is kept, and what is kept is as long as what came,
 * in however many pieces: a remote can never make this node hold more than twice `bytesMax` and one
 * window of the muxer. Sending is held back by the muxer's windows; what waits is the message
 * itself.
 */
import type { Stream } from '@libp2p/interface';

/** The libp2p name of a protocol or channel of a mesh. */
export const protocolIdOf = (meshId: string, name: string): string =>
  `/cnsmo/1/${meshId.slice(0, 16)}/${name}`;

const HEADER_BYTES = 4;
/** How long the remote may take to read the end of a stream before it is reset. Unit: ms. */
const CLOSE_MS = 5_000;

/** Told of bytes before they are kept; may throw, and then they are not. */
export type Claim = (bytes: number) => void;

/**
 * Reads one message. Must be called as soon as the stream is there. Rejects when it is longer than
 * `bytesMax`, when the stream ends before it is whole, with what `claim` throws, and with the
 * signal's reason when that aborts.
 */
export function readMessage(
  stream: Pick<Stream, 'addEventListener' | 'status' | 'readBufferLength'>,
  bytesMax: number,
  signal: AbortSignal,
  claim: Claim = () => undefined,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const end = { signal: ended.signal };
    const fail = (error: unknown): void => {
      ended.abort();
      reject(error);
    };
    const accept = collect(bytesMax, claim);
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

/** Room at first; it doubles. Unit: bytes. */
const ROOM_BYTES_MIN = 1_024;

/** Takes chunks until the message is whole; gives it, or null for more. Throws when too long. */
const collect = (bytesMax: number, claim: Claim): ((chunk: Uint8Array) => Uint8Array | null) => {
  let room = Buffer.alloc(0);
  let held = 0;
  let length: number | null = null;
  const keep = (chunk: Uint8Array): void => {
    if (held + chunk.byteLength > room.byteLength) {
      const bytes = Math.max(ROOM_BYTES_MIN, 2 * room.byteLength, held + chunk.byteLength);
      claim(bytes - room.byteLength);
      const larger = Buffer.alloc(bytes);
      room.copy(larger, 0, 0, held);
      room = larger;
    }
    room.set(chunk, held);
    held += chunk.byteLength;
  };
  return (chunk) => {
    keep(chunk);
    if (held < HEADER_BYTES) return null;
    length ??= room.readUInt32BE();
    if (length > bytesMax) throw new Error(`${length} bytes, ${bytesMax} are allowed`);
    if (held < HEADER_BYTES + length) return null;
    if (held > HEADER_BYTES + length) throw new Error('more than one message');
    return new Uint8Array(room.subarray(HEADER_BYTES, held));
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
