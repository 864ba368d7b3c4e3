/**
 * Rule: admit — whether an invite's holder becomes a member, and with which name and address.
 *
 * 1. The same member key is admitted again, with what it already has: a joiner whose answer was
 *    lost just repeats.
 * 2. The joiner signs the address that it was offered, so an entry offers it before it admits.
 * 3. An entry judges by its own view and clock; over-use that only a partition makes possible is
 *    an alarm later.
 * 4. Who was evicted or leaves admits nobody: its word is void, or may be heard by nobody.
 */

import { pickIpv4 } from '../../crdt/addresses.ts';
import { checkJoinRequest } from '../../crdt/admission.ts';
import type { Edit } from '../../crdt/entry.ts';
import { type InviteId, type MemberId, memberIdOf } from '../../crdt/ids.ts';
import { parseMemberName } from '../../crdt/names.ts';
import type { Invite, View } from '../../crdt/view.ts';
import type { Crypto } from '../../ports.ts';
import type { JoinAsk, JoinRefusal } from './join-message.ts';

/**
 * Admissions in one sub-document before a node sends joiners elsewhere: its quota is 256 keys.
 * FORMATS, "Admission".
 */
const ADMISSIONS_MAX = 128;

export type AdmitAsk = Extract<JoinAsk, { kind: 'admit' }>;

/** What the entry decides. `edit` null: it is a member already. */
export type Admitted =
  | {
      readonly kind: 'admitted';
      readonly name: string;
      readonly ipv4: string;
      readonly edit: Edit | null;
    }
  | { readonly kind: 'refused'; readonly why: JoinRefusal; readonly detail: string }
  | { readonly kind: 'retry' };

/** What the entry knows when it decides. `admissions`: how many its own sub-document holds. */
export interface AdmitContext {
  readonly view: View;
  readonly self: MemberId;
  readonly admissions: number;
  readonly wallMs: number;
  /** Addresses that no member is given. */
  readonly reserved: readonly string[];
}

/** Decides on one request that came over a connection of `inviteId`. */
export function admit(
  crypto: Crypto,
  context: AdmitContext,
  inviteId: InviteId,
  ask: AdmitAsk,
): Admitted {
  const { view, wallMs } = context;
  if (!maySpeak(view, context.self)) return { kind: 'retry' };
  const invite = view.invites.find(({ id }) => id === inviteId);
  if (invite === undefined) return refuse('revoked', 'no operator stands behind it any more');
  const invalid = checkJoinRequest(crypto, view.mesh.id, inviteId, ask);
  if (invalid !== null) return refuse('invalid', invalid);
  const id = memberIdOf(ask.memberKey);
  if (view.evicted.includes(id)) return refuse('evicted', 'this member was evicted');
  const known = view.members.find((member) => member.id === id);
  if (known !== undefined && !known.hasLeft) {
    return { kind: 'admitted', name: known.name, ipv4: known.ipv4 ?? '', edit: null };
  }
  const spent = spentBecause(invite, wallMs);
  if (spent !== null) return spent;
  const present = view.members.filter((member) => !member.hasLeft);
  if (!parseMemberName(ask.name).ok) return refuse('invalid', `name ${ask.name}`);
  if (present.some(({ name }) => name === ask.name)) return refuse('name-taken', ask.name);
  const isOperator = view.operators.some(({ member }) => member === context.self);
  if (!isOperator && context.admissions >= ADMISSIONS_MAX) return { kind: 'retry' };
  const ipv4 = offerIpv4(crypto, context, ask.memberKey);
  if (ipv4 === null) return refuse('full', view.mesh.prefix);
  if (ask.ipv4 !== ipv4) return refuse('address-taken', ask.ipv4);
  return { kind: 'admitted', name: ask.name, ipv4, edit: admission(ask, invite, wallMs) };
}

/** Whether a member's admissions count, as far as the view knows. */
export const maySpeak = ({ members }: View, self: MemberId): boolean =>
  members.some(({ id, hasLeft }) => id === self && !hasLeft);

/** The address that a joiner has or would get; null when the prefix is full. */
export function offerIpv4(
  crypto: Crypto,
  { view, reserved }: Pick<AdmitContext, 'view' | 'reserved'>,
  memberKey: Uint8Array,
): string | null {
  const present = view.members.filter((member) => !member.hasLeft);
  const known = present.find(({ id }) => id === memberIdOf(memberKey));
  if (known !== undefined) return known.ipv4;
  const members = present.flatMap(({ ipv4 }) => (ipv4 === null ? [] : [ipv4]));
  const taken = new Set([...members, ...reserved]);
  return pickIpv4(crypto, view.mesh.prefix, memberKey, taken);
}

function spentBecause(invite: Invite, wallMs: number): Admitted | null {
  if (invite.isRevoked) return refuse('revoked', '');
  if (wallMs > invite.expiryMs) return refuse('expired', '');
  if (invite.used >= invite.uses) return refuse('used-up', `${invite.used} of ${invite.uses}`);
  return null;
}

const admission = (ask: AdmitAsk, invite: Invite, wallMs: number): Edit => ({
  path: `trust/admission/${memberIdOf(ask.memberKey)}`,
  value: {
    memberKey: ask.memberKey,
    wgKey: ask.wgKey,
    name: ask.name,
    ipv4: ask.ipv4,
    labels: invite.labels,
    invite: invite.id,
    inviteSignature: ask.inviteSignature,
    memberSignature: ask.memberSignature,
    hlc: [wallMs, 0],
  },
});

const refuse = (why: JoinRefusal, detail: string): Admitted => ({ kind: 'refused', why, detail });
