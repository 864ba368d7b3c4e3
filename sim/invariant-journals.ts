/**
 * Rule: journals — what crashes and power cuts leave of a journal is mended when the daemon starts,
 * so on a disk that no fault has changed there is nothing that does not check; and what a fault has
 * changed is written anew once its owner holds all again. Of a join that was cut a journal may be
 * left that is nobody's: what is wrong with it the next join finds.
 */
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';
import { holdsMember } from './storm.ts';

/** Looks at all disks. */
export const lookAtJournals = (scene: Scene): Look => {
  const flawsOf = (machines: readonly Machine[]): readonly string[] =>
    machines
      .filter((machine) => holdsMember(machine) && scene.reader.isDamaged(machine))
      .map(({ name }) => `the journal of ${name} holds what does not check`);
  const isUntouched = ({ name }: Machine): boolean => !scene.storm.tampered.has(name);
  return { always: () => flawsOf(machinesOf(scene).filter(isUntouched)), whole: flawsOf };
};
