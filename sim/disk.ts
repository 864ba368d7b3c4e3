/**
 * Edge: disk — files in memory that forget what was not synced.
 *
 * A platter belongs to a VM and outlives its processes. What a process writes is first in the page
 * cache (seen by reads, kept when the process crashes) and later on the platter (kept when the power
 * goes). The port answers only then.
 *
 * 1. A replaced file is the old or the new one, whole, whatever happens.
 * 2. Of an append that was not synced, a power cut keeps any prefix; of one that was under way, a
 *    crash does.
 */
import type { Disk } from '../src/ports.ts';
import type { Answer, Life } from './life.ts';
import type { Dice } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How the platter behaves. Times in ms. */
export interface DiskHabits {
  /** Longest time until a write is in the page cache, and from there to the platter. */
  readonly writeMsMax: number;
  readonly syncMsMax: number;
  /** True: a planted bug; appends answer before they are synced. */
  readonly answersEarly: boolean;
}

interface File {
  /** What a power cut leaves; null when there is no file. */
  durable: Uint8Array | null;
  /** What reads see. */
  cached: Uint8Array | null;
}

/** The disk of one VM. */
export interface Platter {
  readonly dice: Dice;
  readonly habits: DiskHabits;
  readonly files: Map<string, File>;
  /** Counts power cuts: what was under way then never reaches the platter. */
  cuts: number;
}

/** An empty disk. */
export const makePlatter = (dice: Dice, habits: DiskHabits): Platter => ({
  dice,
  habits,
  files: new Map(),
  cuts: 0,
});

const EMPTY = new Uint8Array();

const joined = (head: Uint8Array, tail: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
};

const startsWith = (whole: Uint8Array, head: Uint8Array): boolean =>
  whole.length >= head.length && head.every((byte, index) => whole[index] === byte);

/** What the power cut leaves of everything that was not synced. */
export function losePower(platter: Platter): void {
  platter.cuts += 1;
  for (const file of platter.files.values()) {
    const { durable, cached } = file;
    if (cached === durable) continue;
    const kept = durable ?? EMPTY;
    if (cached !== null && startsWith(cached, kept)) {
      const tail = cached.length - kept.length;
      file.durable = cached.slice(0, kept.length + platter.dice.integer(tail + 1));
      if (durable === null && file.durable.length === 0) file.durable = null;
    } else if (platter.dice.chance(0.5)) file.durable = cached;
    file.cached = file.durable;
  }
}

/** The disk as one process sees it. */
export function openDisk(scheduler: Scheduler, platter: Platter, life: Life): Disk {
  const { dice, habits } = platter;
  const queues = new Map<string, Promise<void>>();
  const fileOf = (name: string): File => {
    if (name === '' || name.includes('/')) throw new Error(`not a plain file name: ${name}`);
    const file = platter.files.get(name) ?? { durable: null, cached: null };
    platter.files.set(name, file);
    return file;
  };
  const sync = (file: File, answer: Answer<void> | null): void => {
    const cuts = platter.cuts;
    const cached = file.cached;
    scheduler.after(dice.between(0.1, habits.syncMsMax), () => {
      if (cuts !== platter.cuts) return;
      file.durable = cached;
      answer?.resolve();
    });
  };
  /** Runs after everything that was asked of this file before. */
  const inTurn = <Result>(
    name: string,
    work: (answer: Answer<Result>) => void,
  ): Promise<Result> => {
    const turn = (queues.get(name) ?? Promise.resolve()).then(() => life.promise(work));
    queues.set(
      name,
      turn.then(() => undefined),
    );
    return turn;
  };
  const append = (file: File, content: Uint8Array, answer: Answer<void>): void => {
    const unlisten = life.onEnd((death) => {
      if (death !== 'crash') return;
      const kept = content.slice(0, dice.integer(content.length + 1));
      if (kept.length > 0) file.cached = joined(file.cached ?? EMPTY, kept);
      sync(file, null);
    });
    life.after(dice.between(0.01, habits.writeMsMax), () => {
      unlisten();
      file.cached = joined(file.cached ?? EMPTY, content);
      sync(file, habits.answersEarly ? null : answer);
      if (habits.answersEarly) answer.resolve();
    });
  };
  return {
    read: (name) => {
      const file = fileOf(name);
      return inTurn(name, (answer) => {
        life.after(dice.between(0.01, 0.2), () => answer.resolve(file.cached?.slice() ?? null));
      });
    },
    write: (name, content) => {
      const [file, copy] = [fileOf(name), content.slice()];
      return inTurn(name, (answer) => {
        life.after(dice.between(0.01, habits.writeMsMax), () => {
          file.cached = copy;
          sync(file, answer);
        });
      });
    },
    append: (name, content) => {
      const [file, copy] = [fileOf(name), content.slice()];
      return inTurn(name, (answer) => append(file, copy, answer));
    },
    remove: (name) => {
      const file = fileOf(name);
      return inTurn(name, (answer) => {
        life.after(dice.between(0.01, habits.writeMsMax), () => {
          file.cached = null;
          sync(file, answer);
        });
      });
    },
    list: () =>
      life.promise((answer) => {
        life.after(dice.between(0.01, 0.2), () => {
          const present = [...platter.files].filter(([, file]) => file.cached !== null);
          answer.resolve(present.map(([name]) => name).toSorted());
        });
      }),
  };
}
