/**
 * Rule: invite — the key pair that a token carries, and the record by which an operator stands for
 * it.
 */
import type { Crypto } from '../ports.ts';
import { type InviteId, inviteIdOf } from './ids.ts';

/**
 * What the operator chooses. `number` counts up for ever per mesh; `expiry` in Unix ms; `uses` 1 to
 * 1000.
 */
export interface InviteFields {
  readonly number: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly expiry: number;
  readonly uses: number;
}

/** Value of `trust/invite/<id>`. `revokedAt` in Unix ms, absent until it is revoked. */
export type InviteValue = {
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
  readonly expiry: number;
  readonly uses: number;
  readonly revokedAt?: number;
};

/** The invite of a seed: its id, which names the path, and the value. */
export const makeInvite = (
  crypto: Crypto,
  seed: Uint8Array,
  fields: InviteFields,
): { readonly id: InviteId; readonly value: InviteValue } => {
  const publicKey = crypto.publicKey(seed);
  const { number, labels, expiry, uses } = fields;
  return { id: inviteIdOf(publicKey), value: { number, publicKey, labels, expiry, uses } };
};
