/**
 * Rule: signatures — nothing that cannot be taken back happens without an operator's word (I8).
 *
 * Who may give one is what the run itself asked for, not what the product says: the operators that
 * there were when the storm began, and those whom an operator was told to make since.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import type { Evidence } from './evidence.ts';
import { forkersIn, heldBy, type Look, machinesOf, type Scene } from './invariant.ts';
import type { Life } from './life.ts';
import type { Machine } from './machine.ts';

interface Seen {
  readonly life: Life | null;
  readonly members: ReadonlySet<MemberId>;
}

/** Looks at who has the role, and who is gone. */
export function lookAtSignatures(scene: Scene): Look {
  const seen = new Map<string, Seen>();
  return {
    always: () =>
      machinesOf(scene).flatMap((machine) => {
        const before = seen.get(machine.name);
        const now = { life: machine.daemon, members: membersOf(machine) };
        seen.set(machine.name, now);
        const wasThere = before?.life === now.life ? [...before.members] : [];
        const gone = wasThere.filter((id) => !now.members.has(id));
        return [
          ...gone
            .filter((id) => !isSigned(scene, machine, id))
            .map(
              (id) => `${machine.name} dropped the member ${id} without an eviction by an operator`,
            ),
          ...usurpers(scene, machine),
        ];
      }),
  };
}

const membersOf = ({ node }: Machine): ReadonlySet<MemberId> =>
  new Set(node?.replica.view().members.map(({ id }) => id));

const isSigned = (scene: Scene, machine: Machine, id: MemberId): boolean => {
  const { granted } = scene.storm.promised;
  const held = heldBy(scene, machine);
  const isOut = (one: MemberId): boolean =>
    held.some(
      ({ author, said }) =>
        granted.has(author) &&
        said.some(({ path, value }) => path === trustPath('evict', one) && value !== null),
    );
  // Whom only evicted members admitted goes with them; and what follows a fork counts no more.
  const forkers = forkersIn(machine);
  const isVoid = (one: MemberId): boolean => forkers.has(one) || isOut(one);
  const admission = trustPath('admission', id);
  const admitters = held.filter(({ said }) => said.some(({ path }) => path === admission));
  // Whom its admitter takes back is out until another lets it in again; an operator never is.
  const hasTakenBack = (author: MemberId): boolean =>
    !granted.has(id) &&
    admitters.some(
      (one) =>
        one.author === author &&
        one.said.some(({ path, value }) => path === admission && value === null),
    );
  const isNone = ({ author }: Evidence): boolean => isVoid(author) || hasTakenBack(author);
  return isOut(id) || (admitters.length > 0 && admitters.every(isNone));
};

const usurpers = ({ storm }: Scene, { name, node }: Machine): readonly string[] =>
  (node?.replica.view().operators ?? [])
    .filter(({ member }) => !storm.promised.granted.has(member))
    .map(({ member }) => `${name} takes ${member} for an operator, and nobody was told to make it`);
