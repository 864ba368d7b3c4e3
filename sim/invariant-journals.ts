/**
 * Rule: journals — what crashes and power cuts leave of a journal is mended when the daemon starts,
 * so on a disk that no fault has changed there is nothing that does not check; and what a fault has
 * changed is written anew once its owner holds all again.
 */
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';

/** Looks at all disks. */
export const lookAtJournals = (scene: Scene): Look => {
  const flawsOf = (machines: readonly Machine[]): readonly string[] =>
    machines
      .filter((machine) => scene.reader.isDamaged(machine))
      .map(({ name }) => `the journal of ${name} holds what does not check`);
  const isUntouched = ({ name }: Machine): boolean => !scene.storm.tampered.has(name);
  return { always: () => flawsOf(machinesOf(scene).filter(isUntouched)), whole: flawsOf };
};
