/**
 * Edge: fork frames — what a daemon and its fork server say to each other over one socket.
 *
 * A frame is a number of 4 bytes that says which run it is about, 1 byte that says what it is, the
 * length of its content in 4 bytes, and the content.
 */

/** What our own executable is told, to be the server; and where it then finds the socket. */
export const FORK_SERVER = 'fork-server';
export const FORK_SERVER_DESCRIPTOR = 3;

/**
 * The daemon sends `run`. The server sends `ready` before it begins any, and of each pieces of what
 * it printed, and then `end`.
 */
export const FRAME = { run: 0, stdout: 1, stderr: 2, end: 3, ready: 4 } as const;

const HEAD_BYTES = 9;

/** One frame. `run`: as asked, counted by the daemon. */
export interface Frame {
  readonly run: number;
  readonly kind: number;
  readonly content: Buffer;
}

/** The bytes of a frame. */
export function writeFrame({ run, kind, content }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + content.length);
  bytes.writeUInt32BE(run, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt32BE(content.length, 5);
  content.copy(bytes, HEAD_BYTES);
  return bytes;
}

/** Takes bytes as they come, and hands on each frame once it is whole. */
export function openFrames(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let bytes = chunk;
    // Of a chunk, only what ends a frame that was cut is copied.
    while (rest.length > 0 && bytes.length > 0) {
      const missing = frameBytes(rest) - rest.length;
      rest = Buffer.concat([rest, bytes.subarray(0, missing)]);
      bytes = bytes.subarray(missing);
      if (frameBytes(rest) > rest.length) continue;
      onFrame(readFrame(rest));
      rest = Buffer.alloc(0);
    }
    for (let end = frameBytes(bytes); end <= bytes.length; end = frameBytes(bytes)) {
      onFrame(readFrame(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    if (bytes.length > 0) rest = bytes;
  };
}

/** How long a frame is that begins so; of less than a head, how long the head is. */
const frameBytes = (bytes: Buffer): number =>
  bytes.length < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + bytes.readUInt32BE(5);

const readFrame = (bytes: Buffer): Frame => ({
  run: bytes.readUInt32BE(0),
  kind: bytes.readUInt8(4),
  content: bytes.subarray(HEAD_BYTES),
});
