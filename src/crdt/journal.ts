/**
 * Rule: journal — frames on disk: a header line, then one record after the other.
 *
 * A record is `[length of the frame: 4 bytes, big-endian | first 4 bytes of its sha256 | frame]`.
 * 1. A record that runs past the end of the file is the torn tail of a crash: it is cut. It was
 *    never sent, because sending waits for the disk.
 * 2. Any other record that does not check is damage: it is skipped and reported, and reading goes
 *    on at the next record that checks.
 * 3. Of a last record that is whole but for its length the frame is read, for it was sent: a bit of
 *    the length flipped, and that is reported.
 */
import type { Crypto } from '../ports.ts';
import { isSameBytes } from './codec.ts';
import { SNAPSHOT_BYTES_MAX } from './frame.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { joinBytes } from './signed.ts';

/** The first bytes of every journal. */
export const JOURNAL_HEADER: Uint8Array = new TextEncoder().encode('cnsmo-journal-1\n');

const LENGTH_BYTES = 4;
const CHECK_BYTES = 4;
const RECORD_HEAD_BYTES = LENGTH_BYTES + CHECK_BYTES;
/**
 * How much is hashed at most to find the next record after damage, bytes. A frame can be made so
 * that it looks like many records; what is given up is fetched again from other members.
 */
const SEARCH_BYTES_MAX = 64 * 1024 * 1024;

/** A stretch of a journal, bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** What a journal holds. */
export interface JournalContent {
  /** In the order in which they were written. Views of the input, not copies. */
  readonly frames: readonly Uint8Array[];
  /** Length up to which the file is to be kept when `torn`, bytes; 0 for a foreign header. */
  readonly goodLength: number;
  /** Whether the file ends in the middle of a record. */
  readonly torn: boolean;
  /** What does not check. For a file of another format it is the whole file. */
  readonly corrupt: readonly Stretch[];
}

/** How long the record of a frame is, bytes. */
export const recordLength = (frame: Uint8Array): number => RECORD_HEAD_BYTES + frame.length;

/** The record of a frame. */
export const encodeRecord = (crypto: Crypto, frame: Uint8Array): Uint8Array =>
  joinBytes(recordHead(crypto, frame), frame);

/** What stands before the frame in its record. */
export const recordHead = (crypto: Crypto, frame: Uint8Array): Uint8Array => {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, frame.length);
  return joinBytes(length, checkOf(crypto, frame));
};

/** Reads a whole journal. Never throws. */
export const decodeJournal = (crypto: Crypto, bytes: Uint8Array): JournalContent =>
  finish(decodeInPieces(crypto, bytes, UNMETERED));

/** Times to read a record, and to hash a byte of it. Unit: ms, as measured. */
const [RECORD_MS, BYTE_MS] = [0.005, 2e-6];

/** `decodeJournal` in pieces. */
export function* decodeInPieces(
  crypto: Crypto,
  bytes: Uint8Array,
  meter: Meter,
): Generator<void, JournalContent> {
  const header = bytes.subarray(0, JOURNAL_HEADER.length);
  if (!isSameBytes(header, JOURNAL_HEADER)) return decodeForeign(bytes);
  const frames: Uint8Array[] = [];
  const corrupt: Stretch[] = [];
  let offset = JOURNAL_HEADER.length;
  while (offset < bytes.length) {
    const frame = readRecord(crypto, bytes, offset);
    if (frame !== null) {
      frames.push(frame);
      offset += RECORD_HEAD_BYTES + frame.length;
      if (meter.isDue(RECORD_MS + frame.length * BYTE_MS)) yield;
      continue;
    }
    const next = findRecord(crypto, bytes, offset + 1);
    if (next === null && runsPastEnd(bytes, offset)) {
      const last = lastFrame(crypto, bytes, offset);
      if (last === null) return { frames, goodLength: offset, torn: true, corrupt };
      frames.push(last);
    }
    const end = next ?? bytes.length;
    corrupt.push({ offset, length: end - offset });
    offset = end;
  }
  return { frames, goodLength: bytes.length, torn: false, corrupt };
}

const checkOf = (crypto: Crypto, frame: Uint8Array): Uint8Array =>
  crypto.sha256(frame).subarray(0, CHECK_BYTES);

/** A file that ends inside the header was torn when it was made; any other is not ours. */
const decodeForeign = (bytes: Uint8Array): JournalContent => {
  const isBeginning = isSameBytes(bytes, JOURNAL_HEADER.subarray(0, bytes.length));
  const corrupt = isBeginning ? [] : [{ offset: 0, length: bytes.length }];
  return { frames: [], goodLength: 0, torn: isBeginning, corrupt };
};

const lengthAt = (bytes: Uint8Array, offset: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);

const runsPastEnd = (bytes: Uint8Array, offset: number): boolean =>
  offset + RECORD_HEAD_BYTES > bytes.length ||
  offset + RECORD_HEAD_BYTES + lengthAt(bytes, offset) > bytes.length;

/** The frame of the record at an offset, or null when none checks there. */
const readRecord = (crypto: Crypto, bytes: Uint8Array, offset: number): Uint8Array | null => {
  if (!mayBeRecord(bytes, offset)) return null;
  return checkedFrame(crypto, bytes, offset, lengthAt(bytes, offset));
};

/** The frame that ends where the file does, whatever its length says; null when none checks. */
const lastFrame = (crypto: Crypto, bytes: Uint8Array, offset: number): Uint8Array | null => {
  const length = bytes.length - offset - RECORD_HEAD_BYTES;
  if (length <= 0 || length > SNAPSHOT_BYTES_MAX) return null;
  return checkedFrame(crypto, bytes, offset, length);
};

/** The frame of that length in the record at an offset, or null when it does not check. */
const checkedFrame = (
  crypto: Crypto,
  bytes: Uint8Array,
  offset: number,
  length: number,
): Uint8Array | null => {
  const start = offset + RECORD_HEAD_BYTES;
  const frame = bytes.subarray(start, start + length);
  const check = bytes.subarray(offset + LENGTH_BYTES, start);
  return isSameBytes(checkOf(crypto, frame), check) ? frame : null;
};

const mayBeRecord = (bytes: Uint8Array, offset: number): boolean => {
  if (runsPastEnd(bytes, offset)) return false;
  const length = lengthAt(bytes, offset);
  return length > 0 && length <= SNAPSHOT_BYTES_MAX;
};

/** The offset of the first record that checks, from an offset on; null when none was found. */
const findRecord = (crypto: Crypto, bytes: Uint8Array, from: number): number | null => {
  let searched = 0;
  for (let offset = from; offset + RECORD_HEAD_BYTES < bytes.length; offset++) {
    if (!mayBeRecord(bytes, offset)) continue;
    searched += lengthAt(bytes, offset);
    if (searched > SEARCH_BYTES_MAX) return null;
    if (readRecord(crypto, bytes, offset) !== null) return offset;
  }
  return null;
};
