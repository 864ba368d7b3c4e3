/**
 * Rule: stamps — no statement is held that was ahead of the clock of whoever took it.
 */
import { isAhead } from '../src/crdt/hlc.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';

/** Looks at the latest stamps. */
export const lookAtStamps = (scene: Scene): Look => ({
  always: () => machinesOf(scene).flatMap(aheadOf),
});

/** A clock that was wrong once may have let in what it took for the present. */
function aheadOf(machine: Machine): readonly string[] {
  machine.wallMostMs = Math.max(machine.wallMostMs, machine.kernel.wallMs());
  return [...(machine.node?.replica.latest() ?? [])]
    .filter(([, stamp]) => isAhead(stamp, machine.wallMostMs))
    .map(([author, [ms]]) => {
      const aheadS = Math.round((ms - machine.wallMostMs) / 1_000);
      return `${machine.name} holds what ${author} says of ${aheadS} s from now`;
    });
}
