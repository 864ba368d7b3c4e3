/**
 * Rule: evicted — who was a member and is none any more.
 *
 * Only on evidence, never on absence: a host that has half of the state must take nobody for
 * evicted, least of all itself. So nobody is evicted because an invite or a grant is not known.
 * 1. Whom an operator evicted by name, if anybody ever admitted or adopted it.
 * 2. Whom an evicted member admitted.
 * 3. Whom an operator or former operator adopted or invited, and a member admitted. Former
 *    operators are the evicted, the removed, and those who have the role from such a one.
 * 4. Whoever is a member all the same is not evicted.
 */
import type { InviteId, MemberId } from './ids.ts';
import type { Testimonies } from './membership.ts';
import { trustPath } from './paths.ts';
import type { Roster } from './roster.ts';
import { compareText } from './statements.ts';
import type { Eviction } from './view.ts';

/** The evicted, sorted. */
export function findEvicted(testimonies: Testimonies, roster: Roster): readonly MemberId[] {
  const { members } = roster.membership;
  const standing = new Set(roster.operators.map(({ member }) => member));
  const usersOf = indexUsers(testimonies, roster);
  const evicted = new Set(evictedByName(testimonies, roster));
  const speakers = new Set([...standing, ...removedOperators(testimonies, roster)]);
  const add = (ids: Iterable<string>): void => {
    for (const id of ids as Iterable<MemberId>) if (!members.has(id)) evicted.add(id);
  };
  const size = (): number => evicted.size + speakers.size;
  for (let before = -1; before < size(); ) {
    before = size();
    for (const author of evicted) {
      add(testimonies.get(author)?.said.admission.keys() ?? []);
      speakers.add(author);
    }
    for (const author of speakers) {
      const said = testimonies.get(author)?.said;
      if (said === undefined) continue;
      add(said.adopt.keys());
      for (const invite of said.invite.keys()) add(usersOf.get(invite as InviteId) ?? []);
      if (standing.has(author)) continue;
      for (const member of said.role.keys()) speakers.add(member as MemberId);
    }
  }
  return [...evicted].sort(compareText);
}

/** How each of the evicted came to be so: by the word of the most senior who gave it. */
export const findEvictions = (
  testimonies: Testimonies,
  { pass: { turns, voidedAt } }: Roster,
  evicted: readonly MemberId[],
): readonly Eviction[] =>
  evicted.map((id) => {
    const turn = turns[voidedAt.get(id) ?? -1];
    const by = turn?.operator.member ?? null;
    const said = by === null ? undefined : testimonies.get(by)?.said.evict.get(id);
    if (said === undefined) return { id, name: null, by: null, atMs: null, reason: '' };
    const { name = null, reason } = said.record;
    return { id, name, by, atMs: said.hlc[0], reason };
  });

const evictedByName = (testimonies: Testimonies, { pass }: Roster): readonly MemberId[] => {
  const enrolled = new Set(
    [...testimonies.values()].flatMap(({ said }) => [
      ...said.admission.keys(),
      ...said.adopt.keys(),
    ]),
  );
  return [...pass.voidedAt.keys()].filter((id) => enrolled.has(id));
};

/** Whom members admitted with each invite, rightly or not. */
const indexUsers = (
  testimonies: Testimonies,
  { membership: { members } }: Roster,
): ReadonlyMap<InviteId, readonly string[]> => {
  const users = new Map<InviteId, string[]>();
  for (const admitter of members.keys()) {
    for (const [id, { record }] of testimonies.get(admitter)?.said.admission ?? []) {
      const known = users.get(record.invite);
      if (known === undefined) users.set(record.invite, [id]);
      else known.push(id);
    }
  }
  return users;
};

/** Those whose role an operator deleted. */
const removedOperators = (testimonies: Testimonies, { pass }: Roster): readonly MemberId[] => {
  const judges = pass.turns.flatMap(({ operator }) => testimonies.get(operator.member) ?? []);
  return [...testimonies.keys()].filter((author) =>
    judges.some(({ deletedAt }) => deletedAt(trustPath('role', author)) !== null),
  );
};
