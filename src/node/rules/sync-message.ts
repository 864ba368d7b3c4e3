/**
 * Rule: sync message — what two members say to each other to come in step: how far each is, and
 * frames.
 *
 * Request and answer have the same form. Heads are hints: a wrong one costs a useless frame,
 * nothing else, because every frame proves itself.
 */

import type { Head } from '../../crdt/chain.ts';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, memberIdOf } from '../../crdt/ids.ts';

export interface SyncMessage {
  readonly heads: readonly Head[];
  readonly frames: readonly Uint8Array[];
  /** The sender's clock, ms since the Unix epoch; null when it does not say. For alarms only. */
  readonly wallMs: number | null;
}

/** Version of the message; another one is refused by name. */
const VERSION = 1;

/** The message as bytes. */
export const encodeSync = ({ heads, frames, wallMs }: SyncMessage): Uint8Array =>
  encode({
    v: VERSION,
    heads: heads.map((head) => [bytesOfId(head.author), head.generation, head.sequence, head.hash]),
    frames,
    ...(wallMs === null ? {} : { wallMs }),
  });

/** The message, or null when it is none. */
export function decodeSync(bytes: Uint8Array): SyncMessage | null {
  const decoded = decode(bytes, bytes.length);
  if (!decoded.ok || !isRecord(decoded.value) || decoded.value.v !== VERSION) return null;
  const { heads, frames, wallMs } = decoded.value;
  if (!Array.isArray(heads) || !Array.isArray(frames) || !frames.every(isBytes)) return null;
  const read = heads.map(readHead);
  if (!read.every((head) => head !== null)) return null;
  return { heads: read, frames, wallMs: isCount(wallMs) ? wallMs : null };
}

function readHead(value: Value): Head | null {
  if (!Array.isArray(value)) return null;
  const [author, generation, sequence, hash] = value as readonly Value[];
  if (!isBytes(author) || author.length !== 32 || !isBytes(hash) || hash.length !== 32) return null;
  if (!isCount(generation) || !isCount(sequence)) return null;
  return { author: memberIdOf(author), generation, sequence, hash };
}

const isBytes = (value: Value | undefined): value is Uint8Array => value instanceof Uint8Array;
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
