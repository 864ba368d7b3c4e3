/**
 * Rule: digest — what a member holds, short enough to be compared on request.
 *
 * Two members that hold the same frames must have equal views; if they have not, that is a fault of
 * the program, and a person should know.
 */
import type { Head } from '../../crdt/chain.ts';
import { decode, encode, isSameBytes } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, memberIdOf } from '../../crdt/ids.ts';
import type { Meter } from '../../crdt/meter.ts';
import type { Intent, View } from '../../crdt/view.ts';
import type { Crypto } from '../../ports.ts';

/** Longest digest. Unit: bytes. A thousand authors take 80 KB. */
export const DIGEST_BYTES_MAX = 512 * 1024;

/** How far each author is, and a hash of the view: `digestInPieces` says of what. */
export interface Digest {
  readonly heads: readonly Pick<Head, 'author' | 'generation' | 'sequence' | 'hash'>[];
  readonly view: Uint8Array;
}

/** What a member is in comparison with this one. */
export type Comparison = 'same' | 'behind' | 'ahead' | 'apart' | 'differs';

/** So much of a list is hashed at once; all members must count alike. Unit: items. */
const SLICE = 32;
/** Time to encode and hash an item. Unit: ms, as measured of rules. */
const ITEM_MS = 0.01;

/**
 * The digest of a member, in pieces. The view's is sha256 over its parts by name; of a list there
 * are the hashes of its slices.
 */
export function* digestInPieces(
  crypto: Crypto,
  heads: readonly Head[],
  view: View,
  meter: Meter,
): Generator<void, Digest> {
  const parts: Record<string, Value> = {};
  const { intent, ...rest } = view;
  for (const [name, part] of Object.entries<unknown>(rest)) {
    parts[name] = Array.isArray(part) ? yield* slicesOf(crypto, part, meter) : (part as Value);
  }
  parts.intent = yield* slicesOf(crypto, intent, meter, flat);
  return { heads, view: crypto.sha256(encode(parts)) };
}

function* slicesOf<Item>(
  crypto: Crypto,
  items: readonly Item[],
  meter: Meter,
  plain: (item: Item) => unknown = (item) => item,
): Generator<void, readonly Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    const slice = items.slice(at, at + SLICE).map(plain);
    hashes.push(crypto.sha256(encode(slice as Value)));
    if (meter.isDue(SLICE * ITEM_MS)) yield;
  }
  return hashes;
}

/** With each value as its bytes: it may be nested as deep as values may be at all. */
const flat = (intent: Intent) => ({
  ...intent,
  value: encode(intent.value),
  older: intent.older.map((claim) => ({ ...claim, value: encode(claim.value) })),
});

/** Of the digest: who hashes a view otherwise cannot be compared with. */
const VERSION = 2;

/** The digest as bytes. */
export const encodeDigest = ({ heads, view }: Digest): Uint8Array =>
  encode({
    v: VERSION,
    heads: heads.map((head) => [bytesOfId(head.author), head.generation, head.sequence, head.hash]),
    view,
  });

/** Reads one; null for what is none. */
export function decodeDigest(bytes: Uint8Array): Digest | null {
  const read = decode(bytes, DIGEST_BYTES_MAX);
  if (!read.ok || !isRecord(read.value) || read.value.v !== VERSION) return null;
  const { heads, view } = read.value;
  if (!Array.isArray(heads) || !isHash(view)) return null;
  const known = heads.map(readHead);
  return known.every((head) => head !== null) ? { heads: known, view } : null;
}

/** How a member stands to this one. */
export function compareDigests(ours: Digest, theirs: Digest): Comparison {
  const lack = lacks(theirs, ours);
  const has = lacks(ours, theirs);
  if (lack && has) return 'apart';
  if (lack || has) return lack ? 'behind' : 'ahead';
  return isSameBytes(ours.view, theirs.view) ? 'same' : 'differs';
}

/** Whether `a` lacks something that `b` holds. */
function lacks(a: Digest, b: Digest): boolean {
  const held = new Map(a.heads.map((head) => [head.author, head]));
  return b.heads.some((head) => {
    const own = held.get(head.author);
    if (own === undefined || own.generation < head.generation) return true;
    if (own.generation > head.generation) return false;
    if (own.sequence !== head.sequence) return own.sequence < head.sequence;
    return !isSameBytes(own.hash, head.hash);
  });
}

function readHead(value: Value): Digest['heads'][number] | null {
  if (!Array.isArray(value)) return null;
  const [author, generation, sequence, hash] = value as readonly Value[];
  if (!isHash(author) || !isHash(hash) || !isCount(generation) || !isCount(sequence)) return null;
  return { author: memberIdOf(author), generation, sequence, hash };
}

const isHash = (value: Value | undefined): value is Uint8Array =>
  value instanceof Uint8Array && value.length === 32;
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
