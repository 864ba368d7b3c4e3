/**
 * Rule: change — what a frame says of intent and trust: the lines of the audit log.
 *
 * The frame itself is kept, so that whoever reads the log can check its author's signature. A
 * generation says again what its author said before; only what is new in it is a change.
 */
import type { Crypto } from '../ports.ts';
import type { Value } from './entry.ts';
import { hashKey, isLasting, readStatement, statementHash } from './entry-bytes.ts';
import { frameHash, isSigned, readFrame } from './frame.ts';
import { additionsIn, clientIdOf } from './gate.ts';
import { compareHlc, type Hlc } from './hlc.ts';
import { type MemberId, memberIdOf } from './ids.ts';
import type { Meter } from './meter.ts';

/** One statement about intent or trust, and the frame that says it. */
export interface Change {
  readonly author: MemberId;
  readonly generation: number;
  readonly sequence: number;
  readonly path: string;
  /** Null: deleted. */
  readonly value: Value;
  readonly hlc: Hlc;
  /** Name of the statement, and of the one that it replaces, in hex. */
  readonly name: string;
  readonly replaces: string | null;
  /** sha256 of the frame, and the author's signature in it. */
  readonly frameHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** The latest stamp that was seen of an author, or null when nothing was. */
export type SeenBefore = (author: MemberId) => Hlc | null;

/** What is new in a frame about paths of intent and trust; in pieces. Never throws. */
export function* changesIn(
  crypto: Crypto,
  bytes: Uint8Array,
  seenBefore: SeenBefore,
  meter: Meter,
): Generator<void, readonly Change[]> {
  const longMs = FRAME_MS + bytes.length * BYTE_MS;
  if (meter.isDue(longMs)) yield;
  const read = readFrame(bytes);
  if (!read.ok) return [];
  const { frame } = read;
  const author = memberIdOf(frame.author);
  const isSnapshot = frame.generation > 0 && frame.sequence === 0;
  const before = isSnapshot ? seenBefore(author) : null;
  const { generation, sequence, signature } = frame;
  const place = { author, generation, sequence, signature, frameHash: frameHash(crypto, bytes) };
  const changes: Change[] = [];
  if (meter.isDue(longMs)) yield;
  const additions = additionsIn(frame.body, clientIdOf(crypto, frame.author, generation));
  if (meter.isDue(longMs)) yield;
  for (const content of additions) {
    const saying = sayingOf(crypto, content, before);
    if (saying !== null) changes.push({ ...place, ...saying });
    if (meter.isDue(saying === null ? READ_MS : CHANGE_MS)) yield;
  }
  return changes;
}

/** Time to read a frame, its hash included, and what each byte adds. Unit: ms, as measured. */
const FRAME_MS = 0.02;
const BYTE_MS = 2e-6;
/** Times to read a statement, and to name one as well. Unit: ms, as measured. */
const READ_MS = 0.005;
const CHANGE_MS = 0.015;

/** Whether a frame's author signed it; false for what is no frame. */
export const isFrameSigned = (crypto: Crypto, bytes: Uint8Array): boolean => {
  const read = readFrame(bytes);
  return read.ok && isSigned(crypto, read.frame);
};

type Saying = Pick<Change, 'path' | 'value' | 'hlc' | 'name' | 'replaces'>;

/** What a statement says of intent or trust, later than `before`. */
const sayingOf = (crypto: Crypto, content: Uint8Array, before: Hlc | null): Saying | null => {
  const read = readStatement(content);
  if (!read.ok || read.statement.kind !== 'entry') return null;
  const { path, value, hlc, replaces } = read.statement.entry;
  if (!isLasting(path) || (before !== null && compareHlc(hlc, before) <= 0)) return null;
  const name = hashKey(statementHash(crypto, read.statement));
  return { path, value, hlc, name, replaces: replaces === null ? null : hashKey(replaces) };
};
