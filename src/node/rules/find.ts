/**
 * Rule: find — which member or invite a person means: an exact name, an id, or the beginning of
 * an id.
 */
import type { Invite, Member, View } from '../../crdt/view.ts';
import { Fault } from '../../fault.ts';

/** Shortest beginning of an id that may stand for it. */
const ID_LENGTH_MIN = 6;

/** The member meant. Fault 'refused' when none or several fit. */
export const findMember = (view: View, text: string): Member =>
  oneMember(fitting(presentIn(view), text), text);

/**
 * The same, and one that has left where nobody else fits: its key may still be somewhere, so its
 * role and its membership can be taken.
 */
export function findAnybody(view: View, text: string): Member {
  const present = fitting(presentIn(view), text);
  const gone = view.members.filter(({ hasLeft }) => hasLeft);
  return oneMember(present.length > 0 ? present : fitting(gone, text), text);
}

/** The invite meant. Fault 'refused' when none or several fit. */
export const findInvite = (view: View, text: string): Invite =>
  one(byId(view.invites, text), 'invite', text, 'see cnsmo invite list');

/** open, used-up, revoked or expired. */
export function inviteState(
  invite: Pick<Invite, 'isRevoked' | 'expiryMs' | 'used' | 'uses'>,
  wallMs: number,
): string {
  if (invite.isRevoked) return 'revoked';
  if (invite.used >= invite.uses) return 'used-up';
  return wallMs > invite.expiryMs ? 'expired' : 'open';
}

const presentIn = ({ members }: View): readonly Member[] =>
  members.filter(({ hasLeft }) => !hasLeft);

const oneMember = (found: readonly Member[], text: string): Member =>
  one(found, 'member', text, 'see cnsmo members');

/** By name; by id where nobody has that name. */
const fitting = (members: readonly Member[], text: string): readonly Member[] => {
  const named = members.filter(({ name }) => name === text);
  return named.length > 0 ? named : byId(members, text);
};

const byId = <Item extends { readonly id: string }>(items: readonly Item[], text: string) =>
  text.length < ID_LENGTH_MIN ? [] : items.filter(({ id }) => id.startsWith(text));

function one<Item>(found: readonly Item[], field: string, value: string, remedy: string): Item {
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const why = first === undefined ? `no such ${field}` : `more than one ${field} begins so`;
  throw new Fault('refused', { field, value, why, remedy });
}
