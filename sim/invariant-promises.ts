/**
 * Rule: promises — what the product acknowledged is never lost: members, operators, invites.
 */
import type { Look, Scene } from './invariant.ts';
import type { Machine } from './machine.ts';
import type { Promised } from './storm.ts';

/** Looks for what was acknowledged. */
export const lookAtPromises = ({ storm }: Scene): Look => ({
  whole: (members) => members.flatMap((machine) => lost(machine, storm.promised)),
});

function lost({ name, node }: Machine, promised: Promised): readonly string[] {
  const view = node?.replica.view();
  if (view === undefined) return [`${name} has no daemon`];
  const stays = (id: string): boolean => !promised.leavers.has(id);
  const invites = new Set<string>(view.invites.map(({ id }) => id));
  const roles = new Map<string, string>(view.members.map(({ id, role }) => [id, role]));
  const restored = [...promised.demoted].filter((id) => roles.get(id) === 'operator');
  const gone = [...promised.members.keys()].filter(stays).filter((id) => !roles.has(id));
  const demoted = [...promised.operators.keys()]
    .filter(stays)
    .filter((id) => roles.get(id) !== 'operator');
  const unsaid = [...promised.invites.keys()].filter((id) => !invites.has(id));
  return [
    ...gone.map((id) => `${name} lost the member ${id}`),
    ...demoted.map((id) => `${name} lost the operator ${id}`),
    ...restored.map((id) => `${name} takes ${id} for an operator, from which the role was taken`),
    ...unsaid.map((id) => `${name} lost the invite ${id}`),
  ];
}
