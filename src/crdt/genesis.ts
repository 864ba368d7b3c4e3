/**
 * Rule: genesis — the first record of a mesh, from which all trust in it follows.
 *
 * 1. The mesh id is the sha256 of the complete bytes: whoever knows the id can check the record,
 *    whoever sent it.
 * 2. It is signed by the founder's member key, over every field but the signature, those of later
 *    versions included.
 */
import type { Crypto } from '../ports.ts';
import { formatAddress6 } from './addresses.ts';
import { decode, encode } from './codec.ts';
import { type MeshId, meshIdOf } from './ids.ts';
import { readRecord } from './records.ts';
import { type GenesisRecord, genesisSchema } from './schemas.table.ts';
import { sign, verify } from './signed.ts';

/**
 * Longest genesis that is read, bytes. A full one has under 400; the rest is for fields of later
 * versions.
 */
const GENESIS_BYTES_MAX = 4096;

/** Random bytes that a ULA prefix takes: 5 for the global id of RFC 4193, 2 for the subnet. */
const PREFIX6_RANDOM_BYTES = 7;

/** A genesis record as it was read. */
export type Genesis = GenesisRecord;

/** What the founder chooses. `nextRootHash` is the `rootHashOf` of the recovery code's seed. */
export interface GenesisFields {
  readonly name: string;
  readonly prefix: string;
  readonly prefix6: string;
  readonly nextRootHash: Uint8Array;
}

/** The genesis as read from bytes, with the mesh id that they make; or why they are none. */
export type ReadGenesis =
  | { readonly ok: true; readonly genesis: Genesis; readonly meshId: MeshId }
  | { readonly ok: false; readonly why: string };

/**
 * The bytes of a new genesis, signed by the founder. Throws for fields that `readGenesis` would
 * refuse.
 */
export const makeGenesis = (
  crypto: Crypto,
  founderSeed: Uint8Array,
  fields: GenesisFields,
): Uint8Array => {
  const record = {
    v: 1,
    name: fields.name,
    prefix: fields.prefix,
    prefix6: fields.prefix6,
    founderKey: crypto.publicKey(founderSeed),
    nextRootHash: fields.nextRootHash,
  };
  const signature = sign(crypto, founderSeed, 'genesis', record);
  const bytes = encode({ ...record, signature });
  const check = readGenesis(crypto, bytes);
  if (!check.ok) throw new TypeError(`genesis: ${check.why}`);
  return bytes;
};

/**
 * Reads a genesis and checks its signature. The caller compares the mesh id with the one that it
 * expects.
 */
export const readGenesis = (crypto: Crypto, bytes: Uint8Array): ReadGenesis => {
  const decoded = decode(bytes, GENESIS_BYTES_MAX);
  if (!decoded.ok) return { ok: false, why: `genesis ${decoded.why}` };
  const read = readRecord(genesisSchema, decoded.value);
  if (!read.ok) return { ok: false, why: `genesis: ${read.why}` };
  const { signature, ...record } = read.value;
  if (!verify(crypto, record.founderKey, { kind: 'genesis', record, signature })) {
    return { ok: false, why: 'genesis: the signature is not the founder’s' };
  }
  return { ok: true, genesis: read.value, meshId: meshIdOf(crypto.sha256(bytes)) };
};

/** A random unique local prefix of length 64, from 7 random bytes. Throws when there are fewer. */
export const makePrefix6 = (random: Uint8Array): string => {
  if (random.length < PREFIX6_RANDOM_BYTES) throw new RangeError('needs 7 random bytes');
  const octets = [0xfd, ...random.subarray(0, PREFIX6_RANDOM_BYTES), ...new Uint8Array(8)];
  return `${formatAddress6(octets)}/64`;
};
