/**
 * Rule: evicted — who was a member and is none any more.
 *
 * Only on evidence, never on absence: a host that has half of the state must take nobody for evicted, least of all itself.
 * 1. It begins at those whom an operator evicted by name, and at those whom one removed from the role.
 * 2. From there it follows what they signed: admissions, adoptions, and admissions by their invites.
 * 3. Whoever is a member all the same (adopted, or admitted by somebody else too) is not evicted, and not followed.
 */
import type { InviteId, MemberId } from './ids.ts';
import type { Library } from './membership.ts';
import { trustPath } from './paths.ts';
import type { Roster } from './roster.ts';
import { compareText, type SubDocument } from './statements.ts';

/** The evicted, sorted. */
export function findEvicted(library: Library, roster: Roster): readonly MemberId[] {
  const { members } = roster.membership;
  const usersOf = indexUsers(library);
  const enrolled = new Set(
    [...library.values()].flatMap(({ said }) => [...said.admission.keys(), ...said.adopt.keys()]),
  );
  const evicted = new Set([...roster.pass.voidedAt.keys()].filter((id) => enrolled.has(id)));
  const add = (ids: Iterable<string>) => {
    for (const id of ids as Iterable<MemberId>) if (!members.has(id)) evicted.add(id);
  };
  for (const document of removedOperators(library, roster))
    add(signedAsOperator(document, usersOf));
  // A set iterates over what is added meanwhile, so this reaches everyone.
  for (const author of evicted) {
    const document = library.get(author);
    if (document === undefined) continue;
    add(document.said.admission.keys());
    add(signedAsOperator(document, usersOf));
  }
  return [...evicted].sort(compareText);
}

/** Whom each invite admitted, in anybody's chain. */
type UsersOf = ReadonlyMap<InviteId, readonly string[]>;

const indexUsers = (library: Library): UsersOf => {
  const users = new Map<InviteId, string[]>();
  for (const { said } of library.values()) {
    for (const [id, { record }] of said.admission) {
      const known = users.get(record.invite);
      if (known === undefined) users.set(record.invite, [id]);
      else known.push(id);
    }
  }
  return users;
};

const signedAsOperator = ({ said }: SubDocument, usersOf: UsersOf): readonly string[] => [
  ...said.adopt.keys(),
  ...[...said.invite.keys()].flatMap((invite) => usersOf.get(invite as InviteId) ?? []),
];

/** Those that are no operators, and whose role an operator deleted. */
const removedOperators = (library: Library, roster: Roster): readonly SubDocument[] => {
  const standing = new Set(roster.operators.map(({ member }) => member));
  const judges = roster.pass.turns.flatMap(({ operator }) => library.get(operator.member) ?? []);
  return [...library.values()].filter(
    ({ author, said }) =>
      !standing.has(author) &&
      said.adopt.size + said.invite.size > 0 &&
      judges.some(({ deletedAt }) => deletedAt(trustPath('role', author)) !== null),
  );
};
