/**
 * Rule: evicted — who was a member and is none any more.
 *
 * Only on evidence, never on absence: a host that has half of the state must take nobody for evicted, least of all itself.
 * 1. It begins at those whom an operator evicted by name, and at those whom one removed from the role.
 * 2. From there it follows what they signed: admissions, adoptions, and admissions by their invites.
 * 3. Whoever is a member all the same (adopted, or admitted by somebody else too) is not evicted, and not followed.
 */
import type { InviteId, MemberId } from './ids.ts';
import type { Testimonies } from './membership.ts';
import { trustPath } from './paths.ts';
import type { Roster } from './roster.ts';
import { compareText, type Testimony } from './statements.ts';

/** The evicted, sorted. */
export function findEvicted(testimonies: Testimonies, roster: Roster): readonly MemberId[] {
  const { members } = roster.membership;
  const usersOf = indexUsers(testimonies);
  const enrolled = new Set(
    [...testimonies.values()].flatMap(({ said }) => [
      ...said.admission.keys(),
      ...said.adopt.keys(),
    ]),
  );
  const evicted = new Set([...roster.pass.voidedAt.keys()].filter((id) => enrolled.has(id)));
  const add = (ids: Iterable<string>) => {
    for (const id of ids as Iterable<MemberId>) if (!members.has(id)) evicted.add(id);
  };
  for (const testimony of removedOperators(testimonies, roster))
    add(signedAsOperator(testimony, usersOf));
  // A set iterates over what is added meanwhile, so this reaches everyone.
  for (const author of evicted) {
    const testimony = testimonies.get(author);
    if (testimony === undefined) continue;
    add(testimony.said.admission.keys());
    add(signedAsOperator(testimony, usersOf));
  }
  return [...evicted].sort(compareText);
}

/** Whom each invite admitted, in anybody's chain. */
type UsersOf = ReadonlyMap<InviteId, readonly string[]>;

const indexUsers = (testimonies: Testimonies): UsersOf => {
  const users = new Map<InviteId, string[]>();
  for (const { said } of testimonies.values()) {
    for (const [id, { record }] of said.admission) {
      const known = users.get(record.invite);
      if (known === undefined) users.set(record.invite, [id]);
      else known.push(id);
    }
  }
  return users;
};

const signedAsOperator = ({ said }: Testimony, usersOf: UsersOf): readonly string[] => [
  ...said.adopt.keys(),
  ...[...said.invite.keys()].flatMap((invite) => usersOf.get(invite as InviteId) ?? []),
];

/** Those that are no operators, and whose role an operator deleted. */
const removedOperators = (testimonies: Testimonies, roster: Roster): readonly Testimony[] => {
  const standing = new Set(roster.operators.map(({ member }) => member));
  const judges = roster.pass.turns.flatMap(
    ({ operator }) => testimonies.get(operator.member) ?? [],
  );
  return [...testimonies.values()].filter(
    ({ author, said }) =>
      !standing.has(author) &&
      said.adopt.size + said.invite.size > 0 &&
      judges.some(({ deletedAt }) => deletedAt(trustPath('role', author)) !== null),
  );
};
