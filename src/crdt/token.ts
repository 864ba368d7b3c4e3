/**
 * Rule: token — what a joiner is given: which mesh, whom to ask, and the key that lets it ask.
 *
 * Text: `cnsmo1_`, then base64url of the canonical CBOR and 6 bytes of checksum. A token is a
 * secret: nothing here puts any of it into an error.
 */
import { base64urlnopad } from '@scure/base';
import type { Crypto, Endpoint } from '../ports.ts';
import { decode, encode, isSameBytes } from './codec.ts';
import { bytesOfId, type MemberId, type MeshId, memberIdOf, meshIdOf } from './ids.ts';
import { readRecord } from './records.ts';
import { tokenSchema } from './schemas.table.ts';
import { hashOf, joinBytes } from './signed.ts';

const PREFIX = 'cnsmo1_';
const ANY_PREFIX = /^cnsmo([1-9][0-9]{0,3})_/;

/** One cut or mistyped token in 2^48 passes for whole. */
const CHECKSUM_BYTES = 6;

/** Longest text that is read, characters. Eight entries make about 1,300. */
const TEXT_LENGTH_MAX = 8192;

/** A member that a joiner may ask. */
export interface TokenEntry {
  readonly memberId: MemberId;
  readonly address: Endpoint;
}

/**
 * What a token carries. `psk`: the swarm's pre-shared key. `seed`: the invite's. `expiry`: Unix ms.
 */
export interface Token {
  readonly meshId: MeshId;
  readonly psk: Uint8Array;
  readonly seed: Uint8Array;
  readonly expiry: number;
  /** At most 8, in the order in which to try them. */
  readonly entries: readonly TokenEntry[];
}

export type ReadToken =
  | { readonly ok: true; readonly token: Token }
  | { readonly ok: false; readonly why: string };

/** The text of a token. Throws for a token that `readToken` would refuse. */
export const printToken = (crypto: Crypto, token: Token): string => {
  const record = {
    v: 1,
    meshId: bytesOfId(token.meshId),
    psk: token.psk,
    seed: token.seed,
    expiry: token.expiry,
    entries: token.entries.map(({ memberId, address }) => ({
      memberId: bytesOfId(memberId),
      address: { host: address.host, port: address.port },
    })),
  };
  const read = readRecord(tokenSchema, record);
  if (!read.ok) throw new TypeError(`token: ${read.why}`);
  const body = encode(record);
  return PREFIX + base64urlnopad.encode(joinBytes(body, checksumOf(crypto, body)));
};

/**
 * Reads a token. White space is ignored, also inside, where terminals wrap. Whether it expired is
 * the caller's to judge.
 */
export const readToken = (crypto: Crypto, text: string): ReadToken => {
  const plain = text.slice(0, TEXT_LENGTH_MAX + 1).replace(/\s/g, '');
  const version = ANY_PREFIX.exec(plain)?.[1];
  if (version === undefined) return refuse(`is not a token, a token begins with ${PREFIX}`);
  if (version !== '1') return refuse('was made by a newer version of cnsmo');
  const bytes = readBase64(plain.slice(PREFIX.length));
  if (bytes === null || plain.length > TEXT_LENGTH_MAX || bytes.length <= CHECKSUM_BYTES) {
    return refuse('is cut or mistyped');
  }
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!isSameBytes(checksumOf(crypto, body), bytes.subarray(-CHECKSUM_BYTES))) {
    return refuse('is cut or mistyped');
  }
  return readBody(body);
};

const readBody = (body: Uint8Array): ReadToken => {
  const decoded = decode(body, TEXT_LENGTH_MAX);
  if (!decoded.ok) return refuse(`is damaged: its content ${decoded.why}`);
  const read = readRecord(tokenSchema, decoded.value);
  if (!read.ok) return refuse(`is damaged, or was made by a newer version of cnsmo: ${read.why}`);
  const { meshId, psk, seed, expiry, entries } = read.value;
  return {
    ok: true,
    token: {
      meshId: meshIdOf(meshId),
      psk,
      seed,
      expiry,
      entries: entries.map(({ memberId, address }) => ({
        memberId: memberIdOf(memberId),
        address: { host: address.host, port: address.port },
      })),
    },
  };
};

const refuse = (why: string): ReadToken => ({ ok: false, why });

const checksumOf = (crypto: Crypto, body: Uint8Array): Uint8Array =>
  hashOf(crypto, 'token', body).subarray(0, CHECKSUM_BYTES);

const readBase64 = (text: string): Uint8Array | null => {
  try {
    return base64urlnopad.decode(text);
  } catch {
    return null;
  }
};
