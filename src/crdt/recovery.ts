/**
 * Rule: recovery — the code that makes an operator when all operators are gone, and the record that
 * it signs.
 *
 * The seed of a code makes a root key. The mesh holds only the hash of the next root key (in the
 * genesis, then in each `trust/root/<n>`), so a code is spent by showing its key, and nobody can
 * prepare one.
 */
import type { Crypto } from '../ports.ts';
import { isSameBytes } from './codec.ts';
import type { MemberId, MeshId } from './ids.ts';
import { hashOf, sign, verify } from './signed.ts';

/** Crockford's base32: no I, L, O and U, so that nothing is misread or spells a word. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const SEED_BYTES = 32;
/** A code is 11 groups of 5 characters: 275 bits, of which 256 are the seed and 19 the checksum. */
const GROUP_LENGTH = 5;
const CODE_LENGTH = 55;
const CHECKSUM_BITS = 19n;

/** The seed that a text spells, or why it spells none. `why` holds nothing of the text. */
export type ReadRecoveryCode =
  | { readonly ok: true; readonly seed: Uint8Array }
  | { readonly ok: false; readonly why: string };

/** What a recovery says. `number` is one above the last recovery's, from 1. */
export interface RootFields {
  readonly mesh: MeshId;
  readonly number: number;
  readonly member: MemberId;
  readonly nextRootHash: Uint8Array;
}

/** Value of `trust/root/<n>`. */
export type RootValue = {
  readonly member: MemberId;
  readonly nextRootHash: Uint8Array;
  readonly rootKey: Uint8Array;
  readonly signature: Uint8Array;
};

/** Where a recovery stands: the record must have been made for just this place. */
export interface RootPlace {
  readonly mesh: MeshId;
  readonly number: number;
  /** Whose chain it stands in. */
  readonly author: MemberId;
  /** The `nextRootHash` of the genesis or of the recovery before. */
  readonly rootHash: Uint8Array;
}

/** The code of a 32-byte seed, in groups, as it is printed. */
export const printRecoveryCode = (crypto: Crypto, seed: Uint8Array): string => {
  if (seed.length !== SEED_BYTES) throw new RangeError('a seed has 32 bytes');
  let rest = (numberOf(seed) << CHECKSUM_BITS) | checksumOf(crypto, seed);
  let code = '';
  for (let index = 0; index < CODE_LENGTH; index++) {
    code = (ALPHABET[Number(rest & 31n)] ?? '') + code;
    rest >>= 5n;
  }
  const groups: string[] = [];
  for (let start = 0; start < CODE_LENGTH; start += GROUP_LENGTH) {
    groups.push(code.slice(start, start + GROUP_LENGTH));
  }
  return groups.join('-');
};

/** Reads a code as a person types it: any case, any spaces and dashes, O for 0, I and L for 1. */
export const readRecoveryCode = (crypto: Crypto, text: string): ReadRecoveryCode => {
  const plain = text.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  if (plain.length !== CODE_LENGTH) {
    return { ok: false, why: `has ${plain.length} characters, a code has ${CODE_LENGTH}` };
  }
  let all = 0n;
  for (const character of plain) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return { ok: false, why: 'holds a character that no code has' };
    all = (all << 5n) | BigInt(digit);
  }
  const seed = bytesOf(all >> CHECKSUM_BITS);
  if ((all & ((1n << CHECKSUM_BITS) - 1n)) !== checksumOf(crypto, seed)) {
    return { ok: false, why: 'is mistyped, its checksum does not match' };
  }
  return { ok: true, seed };
};

/** The hash that commits the root key of a code's seed: what goes into a genesis or a recovery. */
export const rootHashOf = (crypto: Crypto, seed: Uint8Array): Uint8Array =>
  hashOf(crypto, 'root', crypto.publicKey(seed));

/** The value of `trust/root/<n>`, signed by the root key of the code's seed. */
export const makeRoot = (crypto: Crypto, rootSeed: Uint8Array, fields: RootFields): RootValue => ({
  member: fields.member,
  nextRootHash: fields.nextRootHash,
  rootKey: crypto.publicKey(rootSeed),
  signature: sign(crypto, rootSeed, 'root', signedRoot(fields)),
});

/** Why a recovery does not hold at its place, or null when it does. */
export const checkRoot = (crypto: Crypto, place: RootPlace, value: RootValue): string | null => {
  if (value.member !== place.author) return 'names a member that is not its author';
  if (!isSameBytes(hashOf(crypto, 'root', value.rootKey), place.rootHash)) {
    return 'its root key is not the one committed to';
  }
  const { member, nextRootHash, rootKey, signature } = value;
  const record = signedRoot({ mesh: place.mesh, number: place.number, member, nextRootHash });
  return verify(crypto, rootKey, { kind: 'root', record, signature })
    ? null
    : 'its signature is not the root key’s';
};

const signedRoot = ({ mesh, number, member, nextRootHash }: RootFields) => ({
  mesh,
  number,
  member,
  nextRootHash,
});

const checksumOf = (crypto: Crypto, seed: Uint8Array): bigint =>
  numberOf(hashOf(crypto, 'recovery', seed)) >> (256n - CHECKSUM_BITS);

const numberOf = (bytes: Uint8Array): bigint =>
  bytes.reduce((number, octet) => (number << 8n) | BigInt(octet), 0n);

const bytesOf = (number: bigint): Uint8Array =>
  Uint8Array.from({ length: SEED_BYTES }, (_, index) =>
    Number((number >> BigInt(8 * (SEED_BYTES - 1 - index))) & 255n),
  );
