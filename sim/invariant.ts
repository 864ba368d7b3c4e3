/**
 * Rule: invariant — something that must be true of every run, as the simulator looks at it.
 *
 * Numbers stand in `invariants.table.ts`. To add one: write what opens it, and name it there.
 */
import type { Evidence, Reader } from './evidence.ts';
import type { Machine } from './machine.ts';
import type { Storm } from './storm.ts';

/** What an invariant looks at. */
export interface Scene {
  readonly storm: Storm;
  readonly reader: Reader;
}

/** One invariant in one run. It may remember what it saw. Flaws are words that name the VM. */
export interface Look {
  /** What is wrong now; asked every 15 s, in the midst of trouble too. */
  readonly always?: () => readonly string[];
  /**
   * What is wrong with the members that run when all trouble is over. Asked again and again: in the
   * end nothing may be, and then it must stay so.
   */
  readonly whole?: (members: readonly Machine[]) => readonly string[] | Promise<readonly string[]>;
}

/** Begins to look at a run. */
export type OpenLook = (scene: Scene) => Look;

/** What a VM's daemon holds, and its disk. */
export const heldBy = ({ reader }: Scene, machine: Machine): readonly Evidence[] => [
  ...reader.inMemory(machine),
  ...reader.onDisk(machine, 'cached'),
];

/** Who signed two frames for one place, as a VM's daemon knows it. */
export const forkersIn = ({ node }: Machine): ReadonlySet<string> =>
  new Set(
    (node?.replica.view().alarms ?? [])
      .filter(({ kind }) => kind === 'equivocation')
      .map(({ about }) => about),
  );

/** All VMs. */
export const machinesOf = ({ storm }: Scene): readonly Machine[] => [
  ...storm.room.machines.values(),
];

/**
 * What all that each VM ever held comes to, as `read` says of each piece: what it holds no more was
 * there when it acted by it.
 */
export function openEverHeld(
  scene: Scene,
  read: (one: Evidence) => readonly string[],
): (machine: Machine) => ReadonlySet<string> {
  const ever = new Map<string, { all: Set<string>; seen: WeakSet<Evidence>; taken: number }>();
  const known = new WeakMap<Evidence, readonly string[]>();
  return (machine) => {
    const { all, seen, taken } = ever.get(machine.name) ?? {
      ...{ all: new Set<string>(), seen: new WeakSet<Evidence>(), taken: 0 },
    };
    ever.set(machine.name, { all, seen, taken: machine.archive.length });
    for (const one of [...heldBy(scene, machine), ...scene.reader.takenAfter(machine, taken)]) {
      if (seen.has(one)) continue;
      seen.add(one);
      const words = known.get(one) ?? read(one);
      known.set(one, words);
      for (const word of words) all.add(word);
    }
    return all;
  };
}
