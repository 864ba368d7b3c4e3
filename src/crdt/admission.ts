/**
 * Rule: admission — how a joiner proves that it holds both its own key and an invite's.
 *
 * Both keys sign the same record, so neither signature can be moved to another mesh, invite,
 * member, WireGuard key, name or address. The signatures stay in the admission, where every member
 * checks them again: who repeats them cannot put a member elsewhere.
 */
import type { Crypto } from '../ports.ts';
import { bytesOfId, type InviteId, inviteIdOf, type MeshId } from './ids.ts';
import { sign, verify } from './signed.ts';

/** What a joiner starts from. `wgKey` is its WireGuard public key; the seeds never leave the VM. */
export interface JoinFields {
  readonly mesh: MeshId;
  readonly memberSeed: Uint8Array;
  readonly inviteSeed: Uint8Array;
  readonly wgKey: Uint8Array;
  readonly name: string;
  /** The address that its entry offered. */
  readonly ipv4: string;
}

/** What a joiner sends. An admission record holds the same fields, and more. */
export type JoinRequestValue = {
  readonly memberKey: Uint8Array;
  readonly wgKey: Uint8Array;
  readonly name: string;
  readonly ipv4: string;
  readonly inviteSignature: Uint8Array;
  readonly memberSignature: Uint8Array;
};

/** The request of a joiner, signed by the invite's key and its own. */
export const makeJoinRequest = (crypto: Crypto, fields: JoinFields): JoinRequestValue => {
  const { mesh, memberSeed, inviteSeed, wgKey, name, ipv4 } = fields;
  const memberKey = crypto.publicKey(memberSeed);
  const invite = inviteIdOf(crypto.publicKey(inviteSeed));
  const record = { mesh, invite, memberKey, wgKey, name, ipv4 };
  return {
    memberKey,
    wgKey,
    name,
    ipv4,
    inviteSignature: sign(crypto, inviteSeed, 'join', record),
    memberSignature: sign(crypto, memberSeed, 'join', record),
  };
};

/** Why a request may not hold. */
export const JOIN_FLAWS = [
  'the invite’s signature does not hold',
  'the member’s signature does not hold',
] as const;

/**
 * Why a request, or the admission made from it, does not hold for this mesh and invite; null when
 * it does.
 */
export const checkJoinRequest = (
  crypto: Crypto,
  mesh: MeshId,
  invite: InviteId,
  request: JoinRequestValue,
): (typeof JOIN_FLAWS)[number] | null => {
  const { memberKey, wgKey, name, ipv4, inviteSignature, memberSignature } = request;
  const record = { mesh, invite, memberKey, wgKey, name, ipv4 };
  const claim = { kind: 'join', record } as const;
  if (!verify(crypto, bytesOfId(invite), { ...claim, signature: inviteSignature })) {
    return JOIN_FLAWS[0];
  }
  if (!verify(crypto, memberKey, { ...claim, signature: memberSignature })) {
    return JOIN_FLAWS[1];
  }
  return null;
};
