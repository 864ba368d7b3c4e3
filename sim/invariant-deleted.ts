/**
 * Rule: deleted — what was deleted by who had seen it never returns, whoever compacts when.
 */
import { knowsGroup } from './acts-intent.ts';
import type { Look, Scene } from './invariant.ts';

/** Looks for objects that are back. */
export const lookAtDeleted = ({ storm }: Scene): Look => ({
  whole: (members) =>
    [...storm.promised.deleted].flatMap(([name, by]) =>
      members
        .filter((machine) => knowsGroup(machine, name))
        .map((machine) => `${machine.name} has the group ${name} again, which ${by} deleted`),
    ),
});
