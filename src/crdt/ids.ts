/**
 * Rule: ids — names that cannot be forged or taken: a key is its own name.
 *
 * An id is the lower-case base32 (RFC 4648, no padding) of a 32-byte Ed25519 public key or
 * sha256: 52 characters that fit a path. Whoever reads an author's id holds the key that checks
 * the author's signatures.
 */
import { base32nopad } from '@scure/base';

declare const brand: unique symbol;

/** Any Ed25519 public key as text: a member's, or an invite's. */
export type PeerKey = string & { readonly [brand]: 'key' };
/** The key of a VM that is, was or wants to be a member. */
export type MemberId = PeerKey & { readonly member: true };
/** The key that an invite's seed makes. */
export type InviteId = PeerKey & { readonly invite: true };
/** The sha256 of the genesis record. */
export type MeshId = string & { readonly [brand]: 'mesh' };

/** Length of every id, characters: 32 bytes in base32. */
const ID_LENGTH = 52;
/** 52 characters hold four bits more than 32 bytes; those are 0. */
const ID_PATTERN = /^[a-z2-7]{51}[aq]$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** As `base32nopad` and lower case, in a tenth of its time: each frame that comes asks for it. */
function encodeId(bytes: Uint8Array): string {
  let text = '';
  let [held, bits] = [0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

/** The id of a public key. */
export const peerKeyOf = (publicKey: Uint8Array): PeerKey => encodeId(publicKey) as PeerKey;
export const memberIdOf = (publicKey: Uint8Array): MemberId => encodeId(publicKey) as MemberId;
export const inviteIdOf = (publicKey: Uint8Array): InviteId => encodeId(publicKey) as InviteId;
export const meshIdOf = (sha256: Uint8Array): MeshId => encodeId(sha256) as MeshId;

/** The 32 bytes behind an id. */
export const bytesOfId = (id: PeerKey | MeshId): Uint8Array => base32nopad.decode(id.toUpperCase());

/** The id that a text spells, or null when it spells none. */
export const parseMemberId = (text: string): MemberId | null =>
  isId(text) ? (text as MemberId) : null;

const isId = (text: string): boolean => text.length === ID_LENGTH && ID_PATTERN.test(text);
