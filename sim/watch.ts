/**
 * Edge: watch — looks at every invariant of a run, in the midst of trouble and after it.
 */
import { openReader } from './evidence.ts';
import type { Look, Scene } from './invariant.ts';
import { INVARIANTS } from './invariants.table.ts';
import type { Machine } from './machine.ts';
import type { Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Time between two looks. Unit: virtual ms. */
const LOOK_MS = 15_000;

/** All that looks at a run. */
export interface Watch {
  /** Looks again and again until `isOver`; a flaw fails the run. */
  run(isOver: () => boolean): Promise<void>;
  /** What is wrong with the members that run, when all trouble is over. */
  flawsOf(members: readonly Machine[]): Promise<readonly string[]>;
}

/** Begins to look at a run. */
export function openWatch(storm: Storm): Watch {
  const { room } = storm;
  const scene: Scene = { storm, reader: openReader(room.crypto, room.scheduler.nowMs) };
  const looks = Object.entries(INVARIANTS).map(([name, { open }]): readonly [string, Look] => [
    name,
    open(scene),
  ]);
  return {
    run: async (isOver) => {
      while (!isOver()) {
        for (const [name, { always }] of looks) {
          const flaws = always?.() ?? [];
          if (flaws.length > 0) room.scheduler.fail(new Error(`${name}: ${flaws.join('; ')}`));
        }
        await pauseRun(room, LOOK_MS);
      }
    },
    flawsOf: async (members) => {
      for (const [name, { whole }] of looks) {
        const flaws = (await whole?.(members)) ?? [];
        if (flaws.length > 0) return flaws.map((flaw) => `${name}: ${flaw}`);
      }
      return [];
    },
  };
}
