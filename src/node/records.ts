/**
 * Loop: records — puts frames together for a file, in slices between which others have their turn.
 */
import { recordHead, recordLength } from '../crdt/journal.ts';
import type { Ports } from '../ports.ts';
import { breathe } from './agent-look.ts';

/**
 * What is put together in one go. Unit: bytes. Hashing it takes 1 to 2 ms, and to fill so much
 * fresh memory up to 6.
 */
const SLICE_BYTES = 1024 * 1024;

/** The records of frames behind a beginning. */
export async function recordsOf(
  { clock, crypto }: Pick<Ports, 'clock' | 'crypto'>,
  frames: readonly Uint8Array[],
  beginning: Uint8Array,
): Promise<Uint8Array> {
  const bytes = frames.reduce((sum, frame) => sum + recordLength(frame), beginning.length);
  const content = new Uint8Array(bytes);
  content.set(beginning);
  let [offset, slice] = [beginning.length, 0];
  for (const part of partsOf(crypto, frames)) {
    slice += part.length;
    if (slice > SLICE_BYTES) {
      slice = part.length;
      await breathe(clock, true);
    }
    content.set(part, offset);
    offset += part.length;
  }
  return content;
}

/** The records, long ones in slices. */
function* partsOf(
  crypto: Ports['crypto'],
  frames: readonly Uint8Array[],
): Generator<Uint8Array, void> {
  for (const frame of frames) {
    yield recordHead(crypto, frame);
    for (let at = 0; at < frame.length; at += SLICE_BYTES) {
      yield frame.subarray(at, at + SLICE_BYTES);
    }
  }
}
