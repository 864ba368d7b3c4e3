/**
 * Rule: frame — the signed envelope in which state travels: one batch of an author's edits, chained
 * to the one before.
 *
 * `{v: 1, mesh, author, generation, sequence, previous, body, signature}`, canonical CBOR. The
 * signature is of the kind `frame` and covers everything else. A frame's name is the sha256 of all
 * its bytes, the signature included, so that a frame with a forged signature cannot be known in
 * place of the good one.
 */
import type { Crypto } from '../ports.ts';
import { decode, encode } from './codec.ts';
import type { Value } from './entry.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { bytesToSign, verify } from './signed.ts';

/** Longest frame, bytes. FORMATS, "Frames". */
export const FRAME_BYTES_MAX = 64 * 1024;
/**
 * Longest first frame of a generation above 0, bytes: the 8 MiB of an operator's statements, at
 * most 11 bytes around each of the 81,920 of them, and the envelope. It republishes everything that
 * its author says.
 */
export const SNAPSHOT_BYTES_MAX = 9 * 1024 * 1024;

/** Values of a frame; ours have 12: one record of eight fields, one of them a list of three. */
const FRAME_ITEMS_MAX = 32;

const FRAME_VERSION = 1;
const HASH_LENGTH = 32;
const SIGNATURE_LENGTH = 64;
/** In the order in which they are read, which is that of their spelling. */
const FIELDS = 'v,body,mesh,author,previous,sequence,signature,generation';

/** The last frame of the generation that a snapshot replaces. */
export type Replaced = readonly [generation: number, sequence: number, hash: Uint8Array];

/** What a frame says, without its signature. */
export interface FrameContent {
  /** The 32 bytes of the mesh id. */
  readonly mesh: Uint8Array;
  /** The author's public key. */
  readonly author: Uint8Array;
  readonly generation: number;
  readonly sequence: number;
  /** Hash of the frame before; for frame 0 what it replaces; null for the very first. */
  readonly previous: Uint8Array | Replaced | null;
  /** A Yjs v1 update. */
  readonly body: Uint8Array;
}

export interface Frame extends FrameContent {
  readonly signature: Uint8Array;
}

/**
 * Outcome of reading a frame. `field` says whether its size or its form is at fault; `why` is fit
 * for a log.
 */
export type ReadFrame =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly field: 'size' | 'encoding'; readonly why: string };

/** The bytes of a signed frame. `seed`: the author's. */
export const makeFrame = (crypto: Crypto, seed: Uint8Array, content: FrameContent): Uint8Array =>
  finish(makeInPieces(crypto, seed, content, UNMETERED));

/** Time to spell, sign or hash a byte, in memory that is used for the first time. Unit: ms. */
const BYTE_MS = 4e-6;

/** The same in pieces, of which each goes over all of it once. */
export function* makeInPieces(
  crypto: Crypto,
  seed: Uint8Array,
  content: FrameContent,
  meter: Meter,
): Generator<void, Uint8Array> {
  const record = recordOf(content);
  const longMs = content.body.length * BYTE_MS;
  const bytes = bytesToSign('frame', record);
  if (meter.isDue(longMs)) yield;
  const signature = crypto.sign(seed, bytes);
  if (meter.isDue(longMs)) yield;
  return encode({ ...record, signature });
}

/** Reads a frame's form. Says nothing about its signature. Never throws. */
export const readFrame = (bytes: Uint8Array): ReadFrame => {
  if (bytes.length > SNAPSHOT_BYTES_MAX) return tooLong(bytes.length, SNAPSHOT_BYTES_MAX);
  const decoded = decode(bytes, SNAPSHOT_BYTES_MAX, FRAME_ITEMS_MAX);
  if (!decoded.ok) return unreadable(decoded.why);
  const frame = frameOf(decoded.value);
  if (typeof frame === 'string') return unreadable(frame);
  const isSnapshot = frame.generation > 0 && frame.sequence === 0;
  if (!isSnapshot && bytes.length > FRAME_BYTES_MAX) {
    return tooLong(bytes.length, FRAME_BYTES_MAX);
  }
  return { ok: true, frame };
};

/** Whether the author signed the frame. */
export const isSigned = (crypto: Crypto, frame: Frame): boolean =>
  verify(crypto, frame.author, {
    kind: 'frame',
    record: recordOf(frame),
    signature: frame.signature,
  });

/** The name of a frame; gossip uses the same. */
export const frameHash = (crypto: Crypto, bytes: Uint8Array): Uint8Array => crypto.sha256(bytes);

const tooLong = (length: number, lengthMax: number): ReadFrame => ({
  ok: false,
  field: 'size',
  why: `is ${length} bytes long, at most ${lengthMax} are taken`,
});

const unreadable = (why: string): ReadFrame => ({ ok: false, field: 'encoding', why });

const recordOf = (content: FrameContent): { readonly [key: string]: Value } => ({
  v: FRAME_VERSION,
  mesh: content.mesh,
  author: content.author,
  generation: content.generation,
  sequence: content.sequence,
  previous: content.previous,
  body: content.body,
});

/** The frame, or why the value is none. */
const frameOf = (value: Value): Frame | string => {
  if (typeof value !== 'object' || value === null) return 'is no record';
  if (Array.isArray(value) || value instanceof Uint8Array) return 'is no record';
  if (Object.keys(value).join() !== FIELDS) return 'does not have the fields of a frame';
  const { v, mesh, author, generation, sequence, previous, body, signature } = value as Record<
    string,
    Value
  >;
  if (v !== FRAME_VERSION) return 'is of a version that is not known here';
  if (!isBytes(mesh, HASH_LENGTH)) return 'mesh is no hash';
  if (!isBytes(author, HASH_LENGTH)) return 'author is no key';
  if (!isCount(generation)) return 'generation is no count';
  if (!isCount(sequence)) return 'sequence is no count';
  if (!isPrevious(previous, generation, sequence)) return 'previous does not fit its place';
  if (!(body instanceof Uint8Array)) return 'body is no byte string';
  if (!isBytes(signature, SIGNATURE_LENGTH)) return 'signature is no signature';
  return { mesh, author, generation, sequence, previous, body, signature };
};

const isBytes = (value: Value | undefined, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;

const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && value >= 0;

const isPrevious = (
  value: Value | undefined,
  generation: number,
  sequence: number,
): value is Frame['previous'] => {
  if (sequence > 0) return isBytes(value, HASH_LENGTH);
  if (generation === 0) return value === null;
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [replacedGeneration, replacedSequence, hash] = value;
  return (
    replacedGeneration === generation - 1 && isCount(replacedSequence) && isBytes(hash, HASH_LENGTH)
  );
};
