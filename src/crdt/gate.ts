/**
 * Rule: gate — what of Yjs an author may send. Nothing is held that has not passed here.
 *
 * Yjs takes updates of 7 to 30 bytes that wipe, freeze or fork a document, and applying is not
 * atomic (`test-attacks.ts`). An honest author's sub-document is one root array that only grows at
 * its end, so the gate takes exactly that, and reads the bytes itself: Yjs's own readers allocate
 * what an update claims and tolerate what they do not understand.
 * 1. One client id, the author's for this generation; clocks follow what is known without a hole.
 * 2. Items hold bytes, or are deleted; each is an element of the root `kv` and follows the item
 *    written before it. (A `GC` struct never comes of such an array, so it is refused with all
 *    other kinds.)
 * 3. Deletions are of the author's own items that exist, in rising order without overlap.
 * 4. Numbers are spelt shortest, nothing follows the update, and work and memory are linear in its
 *    bytes.
 */
import type { Crypto } from '../ports.ts';
import { joinBytes } from './signed.ts';

/** The one root type of a sub-document. */
export const ROOT_NAME = 'kv';

/**
 * Most items ever written in one generation. Far above what fits its frames, far below where clocks
 * lose precision.
 */
const CLOCK_MAX = 2 ** 32;
/** Longest number, bytes: 49 bits, so that arithmetic stays exact. */
const NUMBER_BYTES_MAX = 7;

const CONTENT_DELETED = 1;
const CONTENT_BINARY = 3;
/** Bit of the info byte: the item names its left neighbour, from which it takes its parent. */
const HAS_ORIGIN = 0x80;
const PARENT_IS_ROOT = 1;
const ROOT_NAME_BYTES = new TextEncoder().encode(ROOT_NAME);

/**
 * What is known of a sub-document before the update: its client id, and how many items were ever
 * written.
 */
export interface Known {
  readonly client: number;
  readonly clock: number;
}

/** Items of a sub-document: `length` of them from a clock on. */
export interface Span {
  readonly clock: number;
  readonly length: number;
}

/** What an update holds. */
export type Inspection =
  | {
      readonly ok: true;
      /** The content of new items, and at which clock each stands. */
      readonly additions: readonly Uint8Array[];
      readonly clocks: readonly number[];
      /** What it deletes, rising, without overlap. */
      readonly deletions: readonly Span[];
      /** How many items were ever written, after it. */
      readonly clock: number;
    }
  | { readonly ok: false; readonly why: string };

/**
 * The Yjs client id of an author's generation: the first 4 bytes, as a big-endian number, of the
 * sha256 of the author's 32 key bytes followed by the generation as 8 bytes, big-endian.
 */
export const clientIdOf = (crypto: Crypto, author: Uint8Array, generation: number): number => {
  const generationBytes = new Uint8Array(8);
  new DataView(generationBytes.buffer).setBigUint64(0, BigInt(generation));
  const hash = crypto.sha256(joinBytes(author, generationBytes));
  return new DataView(hash.buffer, hash.byteOffset, 4).getUint32(0);
};

/** Reads a Yjs v1 update and says what it adds, or why it is refused. Never throws. */
export const inspectUpdate = (update: Uint8Array, known: Known): Inspection => {
  const reader: Reader = { bytes: update, at: 0, why: null };
  const found: Found = { additions: [], clocks: [] };
  const clock = readStructs(reader, known, found);
  const deletions = readDeletions(reader, known.client, clock);
  if (reader.at !== update.length) refuse(reader, 'goes on after its end');
  return reader.why === null
    ? { ok: true, ...found, deletions, clock }
    : { ok: false, why: `the update ${reader.why}` };
};

/**
 * The same as one update, of at most so many items each: to apply a large one takes long. For one
 * that was let through.
 */
export const splitUpdate = (
  update: Uint8Array,
  known: Known,
  itemsMax: number,
): readonly Uint8Array[] => {
  const reader: Reader = { bytes: update, at: 0, why: null };
  const count = readNumber(reader) === 0 ? 0 : readNumber(reader);
  if (count <= itemsMax) return [update];
  readNumber(reader);
  let clock = readNumber(reader);
  const parts: Uint8Array[] = [];
  for (let done = 0; done < count; done += itemsMax) {
    const [items, start, startClock] = [Math.min(itemsMax, count - done), reader.at, clock];
    for (let index = 0; index < items; index++) {
      clock += readItem(reader, { client: known.client, clock }, { additions: [], clocks: [] });
    }
    const isLast = done + items === count;
    const head = headOf(known.client, items, startClock);
    const body = update.subarray(start, isLast ? update.length : reader.at);
    parts.push(joinBytes(head, body, isLast ? EMPTY : NO_DELETIONS));
  }
  return parts;
};

/** One update of several, each going on from the one before, that delete nothing. */
export const joinUpdates = (client: number, parts: readonly Uint8Array[]): Uint8Array => {
  const bodies: Uint8Array[] = [];
  const clocks: number[] = [];
  let count = 0;
  for (const part of parts) {
    const reader: Reader = { bytes: part, at: 0, why: null };
    readNumber(reader);
    count += readNumber(reader);
    readNumber(reader);
    clocks.push(readNumber(reader));
    bodies.push(part.subarray(reader.at, part.length - NO_DELETIONS.length));
  }
  return joinBytes(headOf(client, count, clocks[0] ?? 0), ...bodies, NO_DELETIONS);
};

const EMPTY = new Uint8Array();
const NO_DELETIONS = Uint8Array.of(0);

/** How the items of one client begin, from a clock on. */
const headOf = (client: number, items: number, clock: number): Uint8Array =>
  joinBytes(...[1, items, client, clock].map(numberBytes));

/** A number as Yjs spells it. */
const numberBytes = (value: number): Uint8Array => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};

/** What an update adds, wherever it goes on from; nothing when the gate would refuse it. */
export const additionsIn = (update: Uint8Array, client: number): readonly Uint8Array[] => {
  const reader: Reader = { bytes: update, at: 0, why: null };
  const [clients] = [readNumber(reader), readNumber(reader), readNumber(reader)];
  const clock = clients === 0 ? 0 : readNumber(reader);
  const inspection = inspectUpdate(update, { client, clock });
  return inspection.ok ? inspection.additions : [];
};

/** A place in the bytes. Once `why` is set, nothing more is read and every number reads as 0. */
interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  why: string | null;
}

const refuse = (reader: Reader, why: string): number => {
  reader.why ??= why;
  return 0;
};

const readByte = (reader: Reader): number => {
  const byte = reader.why === null ? reader.bytes[reader.at] : undefined;
  if (byte === undefined) return refuse(reader, 'is cut short');
  reader.at += 1;
  return byte;
};

const readNumber = (reader: Reader): number => {
  let value = 0;
  for (let index = 0, unit = 1; index < NUMBER_BYTES_MAX; index++, unit *= 128) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) {
      return byte === 0 && index > 0 ? refuse(reader, 'spells a number too long') : value;
    }
  }
  return refuse(reader, 'holds a number that is too high');
};

const readBytes = (reader: Reader): Uint8Array => {
  const length = readNumber(reader);
  const end = reader.at + length;
  if (end > reader.bytes.length) refuse(reader, 'is cut short');
  if (reader.why !== null) return new Uint8Array();
  const bytes = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return bytes;
};

const expect = (reader: Reader, isGood: boolean, why: string): void => {
  if (!isGood) refuse(reader, why);
};

/** New items so far. */
interface Found {
  readonly additions: Uint8Array[];
  readonly clocks: number[];
}

/** Reads the items and returns the clock after them. */
const readStructs = (reader: Reader, known: Known, found: Found): number => {
  const clients = readNumber(reader);
  if (clients === 0) return known.clock;
  expect(reader, clients === 1, 'writes under more than one client id');
  const count = readNumber(reader);
  expect(reader, count > 0, 'names a client without items');
  expect(reader, readNumber(reader) === known.client, 'writes under a foreign client id');
  expect(reader, readNumber(reader) === known.clock, 'does not follow what is known');
  let clock = known.clock;
  for (let index = 0; index < count && reader.why === null; index++) {
    clock += readItem(reader, { client: known.client, clock }, found);
    expect(reader, clock <= CLOCK_MAX, 'counts too many items');
  }
  return clock;
};

/** Reads one item and returns how many clocks it takes. */
const readItem = (reader: Reader, own: Known, found: Found): number => {
  const info = readByte(reader);
  const content = info & ~HAS_ORIGIN;
  if (content !== CONTENT_BINARY && content !== CONTENT_DELETED) {
    return refuse(reader, 'holds an item that is no element of bytes');
  }
  expect(reader, (info !== content) === own.clock > 0, 'holds an item out of line');
  if (info === content) readRoot(reader);
  else readOrigin(reader, own);
  if (content === CONTENT_BINARY) {
    found.additions.push(readBytes(reader));
    found.clocks.push(own.clock);
    return 1;
  }
  const length = readNumber(reader);
  expect(reader, length > 0, 'holds an empty item');
  return length;
};

const readRoot = (reader: Reader): void => {
  expect(reader, readNumber(reader) === PARENT_IS_ROOT, 'holds an item inside another one');
  const name = readBytes(reader);
  const isRoot =
    name.length === ROOT_NAME_BYTES.length &&
    name.every((byte, index) => byte === ROOT_NAME_BYTES[index]);
  expect(reader, isRoot, 'writes to a foreign root');
};

const readOrigin = (reader: Reader, own: Known): void => {
  expect(reader, readNumber(reader) === own.client, 'holds an item beside a foreign one');
  expect(reader, readNumber(reader) === own.clock - 1, 'holds an item out of line');
};

const readDeletions = (reader: Reader, client: number, clock: number): readonly Span[] => {
  const deletions: Span[] = [];
  const clients = readNumber(reader);
  if (clients === 0) return deletions;
  expect(reader, clients === 1, 'deletes under more than one client id');
  expect(reader, readNumber(reader) === client, 'deletes what is not its own');
  const count = readNumber(reader);
  expect(reader, count > 0, 'names a client without deletions');
  let end = -1;
  for (let index = 0; index < count && reader.why === null; index++) {
    const start = readNumber(reader);
    const length = readNumber(reader);
    expect(reader, start > end, 'deletes out of order');
    expect(reader, length > 0, 'deletes nothing');
    end = start + length;
    expect(reader, end <= clock, 'deletes what does not exist yet');
    deletions.push({ clock: start, length });
  }
  return deletions;
};
