/**
 * Edge: swarm streams — one message over one libp2p stream: four bytes of length, big-endian, then
 * the message.
 *
 * The length is judged before anything behind it is kept, and what is kept is as long as what came,
 * in however many pieces: a remote can never make this node hold more than twice `bytesMax` and one
 * window of the muxer. Sending is held back by the muxer's windows; what waits is the message
 * itself. Neither moves, copies or touches more than a little of a long one in a turn.
 */
import type { Stream } from '@libp2p/interface';
import type { InTurn } from './turns.ts';

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

/** Room at first; it doubles until so much came, then there is room for all. Unit: bytes. */
const ROOM_BYTES_MIN = 1_024;
const DOUBLED_BYTES_MAX = 262_144;

/** Takes chunks until the message is whole; gives it, or null for more. Throws when too long. */
const collect = (bytesMax: number, claim: Claim): ((chunk: Uint8Array) => Uint8Array | null) => {
  let room = Buffer.alloc(0);
  let held = 0;
  let length: number | null = null;
  const widen = (needed: number): void => {
    const isMuch = length !== null && held >= DOUBLED_BYTES_MAX;
    const all = isMuch ? HEADER_BYTES + (length ?? 0) : 0;
    const bytes = Math.max(ROOM_BYTES_MIN, needed, all || 2 * room.byteLength);
    claim(bytes - room.byteLength);
    // Not filled: a page takes no memory before it is written, nothing is given before it was, and
    // to touch 8 MiB at once took 100 ms of CPU on a virtual machine.
    const larger = Buffer.allocUnsafeSlow(bytes);
    room.copy(larger, 0, 0, held);
    room = larger;
  };
  const keep = (chunk: Uint8Array): void => {
    if (held + chunk.byteLength > room.byteLength) widen(held + chunk.byteLength);
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
    return whole(room, HEADER_BYTES, length);
  };
};

/** A copy of what is short, so that it holds no more than itself. */
const whole = (room: Buffer, start: number, length: number): Uint8Array =>
  length < DOUBLED_BYTES_MAX
    ? new Uint8Array(room.subarray(start, start + length))
    : new Uint8Array(room.buffer, room.byteOffset + start, length);

/** What is sent before others have their turn; 8 MiB at once took 130 ms. Unit: bytes. */
const PIECE_BYTES = 65_536;

/** What is asked of a stream to send on it. */
export type SendingStream = Pick<
  Stream,
  'send' | 'status' | 'writableNeedsDrain' | 'addEventListener'
>;

/**
 * Sends a message as fast as the remote reads, and as others leave turns of the event loop to it.
 * Rejects when the stream is closed, and with the signal's reason when that aborts.
 */
export async function sendMessage(
  stream: SendingStream,
  body: Uint8Array,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(body.byteLength);
  stream.send(Buffer.concat([header, body.subarray(0, PIECE_BYTES)]));
  for (let at = PIECE_BYTES; at < body.byteLength; at += PIECE_BYTES) {
    await new Promise<void>((resolve) => inTurn(resolve));
    while (stream.writableNeedsDrain) await drained(stream, signal);
    stream.send(body.subarray(at, at + PIECE_BYTES));
  }
}

const drained = (stream: SendingStream, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const ended = new AbortController();
    const end = { signal: ended.signal };
    const settle = (act: () => void): void => {
      ended.abort();
      act();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    if (signal.aborted) fail(signal.reason);
    if (stream.status !== 'open') fail(new Error('closed early'));
    signal.addEventListener('abort', () => fail(signal.reason), end);
    stream.addEventListener('drain', () => settle(resolve), end);
    stream.addEventListener('close', ({ error }) => fail(error ?? new Error('closed early')), end);
  });

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
