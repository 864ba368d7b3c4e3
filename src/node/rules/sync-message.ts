/**
 * Rule: sync message — what two members say to each other to come in step: how far each is, and
 * frames.
 *
 * Request and answer have the same form. Heads are hints: a wrong one costs a useless frame,
 * nothing else, because every frame proves itself. Both begin with two versions: of this message,
 * and of what frames hold. Whoever has others is refused, on both sides, by name.
 */

import type { Head } from '../../crdt/chain.ts';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, memberIdOf } from '../../crdt/ids.ts';
import { isInstance } from '../../crdt/twin.ts';

/** What members tell each other of the instances of their keys (`twins.ts`). */
export interface Introduction {
  /** Which run of the sender this is; null when it does not say. */
  readonly instance: Uint8Array | null;
  /** Instances of the receiver's key that the sender heard, where more than one. */
  readonly heard: readonly Uint8Array[];
  /** Proofs, by the receiver's key, that it has a twin. */
  readonly told: readonly Uint8Array[];
  /** Proofs by the sender's key. */
  readonly twins: readonly Uint8Array[];
}

/** Says nothing of instances. */
export const NO_INTRODUCTION: Introduction = { instance: null, heard: [], told: [], twins: [] };

export interface SyncMessage extends Introduction {
  readonly heads: readonly Head[];
  readonly frames: readonly Uint8Array[];
  /** The sender's clock, ms since the Unix epoch; null when it does not say. For alarms only. */
  readonly wallMs: number | null;
}

/** The versions of a message and of what its frames hold. */
export interface Versions {
  readonly wire: number;
  readonly document: number;
}

/** What a message is. `versions` are read first: of others nothing else is understood. */
export type ReadSync =
  | { readonly kind: 'message'; readonly message: SyncMessage }
  | { readonly kind: 'other-version'; readonly versions: Versions }
  | { readonly kind: 'none' };

/** The versions that this program speaks. */
export const OUR_VERSIONS: Versions = { wire: 1, document: 1 };

/** The message as bytes. */
export const encodeSync = (message: SyncMessage): Uint8Array => {
  const { heads, frames, wallMs, instance, heard, told, twins } = message;
  return encode({
    v: OUR_VERSIONS.wire,
    document: OUR_VERSIONS.document,
    heads: heads.map((head) => [bytesOfId(head.author), head.generation, head.sequence, head.hash]),
    frames,
    ...(wallMs === null ? {} : { wallMs }),
    ...(instance === null ? {} : { instance }),
    ...(heard.length === 0 ? {} : { heard }),
    ...(told.length === 0 ? {} : { told }),
    ...(twins.length === 0 ? {} : { twins }),
  });
};

/** Whose versions a message begins with: ours, these others, or it begins with none. */
export const versionsIn = (
  v: Value | undefined,
  document: Value | undefined,
): 'ours' | 'none' | Versions => {
  if (!isCount(v) || !isCount(document)) return 'none';
  const { wire } = OUR_VERSIONS;
  return v === wire && document === OUR_VERSIONS.document ? 'ours' : { wire: v, document };
};

/** Reads a message. Never throws. */
export function decodeSync(bytes: Uint8Array): ReadSync {
  const decoded = decode(bytes, bytes.length);
  if (!decoded.ok || !isRecord(decoded.value)) return NONE;
  const { v, document, heads, frames, wallMs, instance, ...rest } = decoded.value;
  const versions = versionsIn(v, document);
  if (versions === 'none') return NONE;
  if (versions !== 'ours') return { kind: 'other-version', versions };
  if (!Array.isArray(heads) || !Array.isArray(frames) || !frames.every(isBytes)) return NONE;
  const read = heads.map(readHead);
  if (!read.every((head) => head !== null)) return NONE;
  const message: SyncMessage = {
    heads: read,
    frames,
    wallMs: isCount(wallMs) ? wallMs : null,
    instance: isInstance(instance) ? instance : null,
    heard: bytesIn(rest.heard).filter(isInstance),
    told: bytesIn(rest.told),
    twins: bytesIn(rest.twins),
  };
  return { kind: 'message', message };
}

const NONE: ReadSync = { kind: 'none' };

function readHead(value: Value): Head | null {
  if (!Array.isArray(value)) return null;
  const [author, generation, sequence, hash] = value as readonly Value[];
  if (!isBytes(author) || author.length !== 32 || !isBytes(hash) || hash.length !== 32) return null;
  if (!isCount(generation) || !isCount(sequence)) return null;
  return { author: memberIdOf(author), generation, sequence, hash };
}

const bytesIn = (value: Value | undefined): readonly Uint8Array[] =>
  Array.isArray(value) ? (value as readonly Value[]).filter(isBytes) : [];

const isBytes = (value: Value | undefined): value is Uint8Array => value instanceof Uint8Array;
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
