/**
 * Rule: token entries — which members, at which addresses, a token names.
 *
 * This member first, by all its addresses, then connected ones by their best: a joiner needs one
 * that answers.
 */
import { endpointsOf } from '../../crdt/endpoints.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { TokenEntry } from '../../crdt/token.ts';
import type { Member, View } from '../../crdt/view.ts';
import { isPrivate } from './own-addresses.ts';

/** FORMATS, "Token". */
const ENTRIES_MAX = 8;
/** Addresses of this member, so that others have room. */
const OWN_MAX = 4;

/** The entries, and a line for people when nobody outside this site can use them. */
export function tokenEntries(
  view: View,
  self: MemberId,
  connected: ReadonlySet<string>,
): { readonly entries: readonly TokenEntry[]; readonly warning: string | null } {
  const me = view.members.filter(({ id }) => id === self);
  const others = view.members.filter(({ id, hasLeft }) => connected.has(id) && !hasLeft);
  const entries = [
    ...me.flatMap((member) => addressesOf(view, member).slice(0, OWN_MAX)),
    ...others.flatMap((member) => addressesOf(view, member).slice(0, 1)),
  ].slice(0, ENTRIES_MAX);
  const isPublic = entries.some(({ address }) => !isPrivate(address.host));
  const warning = isPublic
    ? null
    : 'the token names private addresses only; VMs elsewhere need --advertise ADDR at init or join';
  return { entries, warning };
}

const addressesOf = (view: View, member: Member): readonly TokenEntry[] =>
  endpointsOf(member, view.mesh).map((address) => ({ memberId: member.id, address }));
