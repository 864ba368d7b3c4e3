/**
 * Rule: twin — the proof that two programs run with one member's key: a cloned VM, or a copied
 * disk.
 *
 * Each run of the daemon draws a number that nobody can foresee, its instance. Who is told of
 * another instance of its own key signs "I am this one, and heard of that one". Shown to that
 * other one, while it runs, it proves that the key is used elsewhere at this time: whoever signed
 * had to know its number. No member can make it up, and none of an earlier run counts.
 */
import type { Crypto } from '../ports.ts';
import { decode, encode, isSameBytes } from './codec.ts';
import { isRecord } from './entry.ts';
import { sign, verify } from './signed.ts';

/** Length of an instance, bytes. */
export const INSTANCE_BYTES = 16;
/** Longest proof, bytes: two instances, a signature, and their names. */
const TWIN_BYTES_MAX = 256;

/** Who says what: an instance of a member's key, of another one. */
export interface Twin {
  /** The instance that signed. */
  readonly instance: Uint8Array;
  /** The one of which it was told. */
  readonly other: Uint8Array;
}

/** Mesh and member whose proofs are meant. */
export interface TwinGround {
  /** The 32 bytes of the mesh id. */
  readonly mesh: Uint8Array;
  /** The member's public key. */
  readonly author: Uint8Array;
}

/** The proof, signed with the member's seed. */
export const makeTwin = (
  crypto: Crypto,
  seed: Uint8Array,
  { mesh, author }: TwinGround,
  { instance, other }: Twin,
): Uint8Array => {
  const record = { v: 1, mesh, author, instance, other };
  return encode({ instance, other, signature: sign(crypto, seed, 'twin', record) });
};

/** Reads a proof; null when it is none of this member's. Never throws. */
export const readTwin = (
  crypto: Crypto,
  { mesh, author }: TwinGround,
  bytes: Uint8Array,
): Twin | null => {
  const decoded = decode(bytes, TWIN_BYTES_MAX);
  if (!decoded.ok || !isRecord(decoded.value)) return null;
  const { instance, other, signature } = decoded.value;
  if (!isInstance(instance) || !isInstance(other) || isSameBytes(instance, other)) return null;
  if (!(signature instanceof Uint8Array) || signature.length !== 64) return null;
  const record = { v: 1, mesh, author, instance, other };
  return verify(crypto, author, { kind: 'twin', record, signature }) ? { instance, other } : null;
};

/** Whether a value is an instance. */
export const isInstance = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === INSTANCE_BYTES;
