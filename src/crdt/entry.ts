/**
 * Rule: entry — one statement of one author about one path.
 *
 * The types that pass between author, store and projection. The bytes are canonical CBOR
 * (`codec.ts`).
 */
import type { Hlc } from './hlc.ts';
import type { MemberId } from './ids.ts';

/**
 * A value as CBOR carries it: no floats but integers within ±2^53, no undefined, records with a
 * null prototype.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Whether a value is a record, not a list, bytes or plain. */
export const isRecord = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array);

/** What a rule wants an author to say: a value, or null for a tombstone. */
export interface Edit {
  readonly path: string;
  readonly value: Value;
}

/**
 * A statement. `value` null is a tombstone. `replaces`: hash of the entry that was in force as far
 * as its writer knew.
 */
export interface Entry {
  readonly path: string;
  readonly value: Value;
  readonly hlc: Hlc;
  readonly replaces: Uint8Array | null;
}

/** A tombstone carried into a later generation: sha256 of the path, and when it was deleted. */
export interface Tombstone {
  readonly pathHash: Uint8Array;
  /** The hash in hex, to look it up by. */
  readonly key: string;
  readonly hlc: Hlc;
}

/**
 * Everything that one author says, as the projection reads it. Entries are
 * sorted by path.
 */
export interface AuthorState {
  readonly author: MemberId;
  readonly entries: readonly Entry[];
  readonly tombstones: readonly Tombstone[];
  /** It signed two frames for one place, and this is what it said before. */
  readonly isForked?: true;
}
