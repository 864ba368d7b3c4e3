/**
 * Rule: change — what a frame says of intent and trust: the lines of the audit log.
 *
 * The frame itself is kept, so that whoever reads the log can check its author's signature. A
 * generation says again what its author said before; only what is new in it is a change.
 */
import type { Crypto } from '../ports.ts';
import type { Value } from './entry.ts';
import { hashKey, isLasting, readStatement, type Statement, statementHash } from './entry-bytes.ts';
import { type Frame, frameHash, isSigned, readFrame } from './frame.ts';
import { additionsIn, clientIdOf } from './gate.ts';
import { compareHlc, type Hlc } from './hlc.ts';
import { type MemberId, memberIdOf } from './ids.ts';

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

/** What is new in a frame about paths of intent and trust. Never throws. */
export const changesIn = (
  crypto: Crypto,
  bytes: Uint8Array,
  seenBefore: SeenBefore,
): readonly Change[] => {
  const read = readFrame(bytes);
  if (!read.ok) return [];
  const { frame } = read;
  const author = memberIdOf(frame.author);
  const isSnapshot = frame.generation > 0 && frame.sequence === 0;
  const before = isSnapshot ? seenBefore(author) : null;
  const { generation, sequence, signature } = frame;
  const place = { author, generation, sequence, signature, frameHash: frameHash(crypto, bytes) };
  return statementsIn(crypto, frame).flatMap((statement) => {
    if (statement.kind !== 'entry' || !isLasting(statement.entry.path)) return [];
    const { path, value, hlc, replaces } = statement.entry;
    if (before !== null && compareHlc(hlc, before) <= 0) return [];
    const name = hashKey(statementHash(crypto, statement));
    return [
      { ...place, path, value, hlc, name, replaces: replaces === null ? null : hashKey(replaces) },
    ];
  });
};

/** Whether a frame's author signed it; false for what is no frame. */
export const isFrameSigned = (crypto: Crypto, bytes: Uint8Array): boolean => {
  const read = readFrame(bytes);
  return read.ok && isSigned(crypto, read.frame);
};

const statementsIn = (crypto: Crypto, frame: Frame): readonly Statement[] =>
  additionsIn(frame.body, clientIdOf(crypto, frame.author, frame.generation))
    .map(readStatement)
    .flatMap((read) => (read.ok ? [read.statement] : []));
