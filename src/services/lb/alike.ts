/**
 * Rule: lb alike — whether two views mean the same backends: most changes are of what members tell
 * of themselves, and to work out ten thousand of them anew takes long.
 */
import type { Member, View } from '../../crdt/view.ts';

/** Whether the balancers of both have the same backends, at the same addresses, as ready. */
export const isAlike = (a: View, b: View): boolean =>
  a.intent === b.intent &&
  a.members.length === b.members.length &&
  a.members.every(
    (member, at) => member === b.members[at] || tellsOf(member) === tellsOf(b.members[at]),
  );

const tellsOf = (member: Member | undefined): string | undefined =>
  member &&
  JSON.stringify([
    ...[member.id, member.ipv4, member.ipv6, member.labels],
    ...[member.isDraining, member.hasLeft],
  ]);
