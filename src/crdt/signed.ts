/**
 * Rule: signed — what a signature of CNSMO covers: `cnsmo/v1/<kind>`, a zero byte, the record's
 * canonical bytes.
 *
 * The kind keeps a signature made for one purpose from counting for another; the zero byte keeps
 * one kind from being the beginning of another.
 */
import type { Crypto } from '../ports.ts';
import { encode } from './codec.ts';
import type { Value } from './entry.ts';

const DOMAIN = 'cnsmo/v1/';

/**
 * All kinds: another purpose, another kind. Kept in the state: what founds a mesh, the request of
 * who joins (by it and by the invite), a recovery, an author's frame. In messages alone: the proof
 * of a second holder of a key (D30), that a member is alive, that it heard a question (D47), a word
 * of a service (D95), a claim of the core role and a pass (D104).
 */
export type Kind =
  | ('genesis' | 'join' | 'root' | 'frame')
  | ('twin' | 'alive' | 'answer' | 'word' | 'core');

const textEncoder = new TextEncoder();

/** The bytes of `parts`, one after the other. */
export const joinBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

/** The bytes that are signed for a record of a kind. */
export const bytesToSign = (kind: Kind, record: Value): Uint8Array =>
  encode(record, textEncoder.encode(`${DOMAIN}${kind}\0`));

/** The 64-byte signature of a record. */
export const sign = (crypto: Crypto, seed: Uint8Array, kind: Kind, record: Value): Uint8Array =>
  crypto.sign(seed, bytesToSign(kind, record));

/** What a signature claims: this record, of this kind. */
export interface Claim {
  readonly kind: Kind;
  readonly record: Value;
  readonly signature: Uint8Array;
}

/**
 * Whether the holder of the key signed exactly that. Never throws for a record that came out of
 * `decode`.
 */
export const verify = (crypto: Crypto, publicKey: Uint8Array, claim: Claim): boolean =>
  crypto.verify(publicKey, bytesToSign(claim.kind, claim.record), claim.signature);

/** The sha256 of `cnsmo/v1/<kind>` and the bytes after it. FORMATS, "Bytes". */
export const hashOf = (crypto: Crypto, kind: string, bytes: Uint8Array): Uint8Array =>
  crypto.sha256(joinBytes(textEncoder.encode(`${DOMAIN}${kind}`), bytes));
