/**
 * Edge: disk — the Disk port of one process, on the platter of its VM.
 *
 * Its answers come when things are durable. When the process crashes with an append under way, any
 * part of it may have been written.
 */
import { Fault } from '../src/fault.ts';
import type { Disk } from '../src/ports.ts';
import type { Answer, Life } from './life.ts';
import { extend, type File, fileOf, type Platter, replace, sync, type Trouble } from './platter.ts';
import type { Scheduler } from './scheduler.ts';

/** Plain file names, as the real edge takes them. */
const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]*$/i;

/** Longest time of a read. Unit: ms. */
const READ_MS_MAX = 0.2;

/** The disk as one process sees it. */
export function openDisk(scheduler: Scheduler, platter: Platter, life: Life): Disk {
  const { dice, habits } = platter;
  const soon = (run: () => void): void => {
    life.after(dice.between(0.01, habits.writeMsMax), run);
  };
  const context = { scheduler, platter, life, soon };
  const inTurn = openTurns();
  const change = (name: string, work: (file: File, answer: Answer<void>) => void): Promise<void> =>
    inTurn(name, () => life.promise((answer) => work(fileOf(platter, name), answer)));
  return {
    read: (name) =>
      inTurn(name, () =>
        life.promise((answer) => {
          const finish = (): void => answer.resolve(fileOf(platter, name).cached?.slice() ?? null);
          life.after(dice.between(0.01, READ_MS_MAX), finish);
        }),
      ),
    write: (name, content) => {
      const copy = content.slice();
      return change(name, (file, answer) =>
        soon(() => {
          if (platter.trouble !== null) return answer.reject(troubleFault(platter.trouble, name));
          replace(file, copy);
          sync(scheduler, platter, file, { done: answer.resolve });
        }),
      );
    },
    append: (name, content) => {
      const copy = content.slice();
      return change(name, (file, answer) => append(context, { name, file }, copy, answer));
    },
    remove: (name) =>
      change(name, (file, answer) =>
        soon(() => {
          const { trouble } = platter;
          const isStuck = trouble === 'read-only' || trouble === 'failing';
          if (isStuck && file.cached !== null) return answer.reject(troubleFault(trouble, name));
          replace(file, null);
          sync(scheduler, platter, file, { done: answer.resolve });
        }),
      ),
    list: () =>
      life.promise((answer) => {
        const present = (): readonly string[] =>
          [...platter.files].flatMap(([name, file]) => (file.cached === null ? [] : [name]));
        life.after(dice.between(0.01, READ_MS_MAX), () => answer.resolve(present().toSorted()));
      }),
  };
}

interface DiskContext {
  readonly scheduler: Scheduler;
  readonly platter: Platter;
  readonly life: Life;
  readonly soon: (run: () => void) => void;
}

function append(
  { scheduler, platter, life, soon }: DiskContext,
  { name, file }: { readonly name: string; readonly file: File },
  content: Uint8Array,
  answer: Answer<void>,
): void {
  const unlisten = life.onEnd((death) => {
    if (death !== 'crash') return;
    extend(file, content.slice(0, platter.dice.integer(content.length + 1)));
    sync(scheduler, platter, file);
  });
  soon(() => {
    unlisten();
    const { trouble } = platter;
    // The edge cuts off again what it could not sync, where the disk lets it.
    const isLeft = trouble === 'failing' && platter.dice.chance(0.5);
    if (trouble === null || isLeft) extend(file, content);
    if (trouble !== null) {
      if (isLeft) sync(scheduler, platter, file);
      return answer.reject(troubleFault(trouble, name));
    }
    const lagMsMax = platter.habits.appendLagMsMax;
    if (lagMsMax === null) sync(scheduler, platter, file, { done: answer.resolve });
    else {
      sync(scheduler, platter, file, { lagMsMax });
      answer.resolve();
    }
  });
}

/** What is asked of one name happens in the order in which it was asked. */
function openTurns(): <Result>(name: string, work: () => Promise<Result>) => Promise<Result> {
  const queues = new Map<string, Promise<unknown>>();
  return (name, work) => {
    if (!NAME_PATTERN.test(name)) return Promise.reject(badName(name));
    const turn = (queues.get(name) ?? Promise.resolve()).then(work);
    queues.set(
      name,
      turn.catch(() => undefined), // Whoever asked has its failure.
    );
    return turn;
  };
}

const WHY: Readonly<Record<Trouble, string>> = {
  full: 'no space left on the file system',
  'read-only': 'the file system is read-only',
  failing: 'input/output error',
};

const troubleFault = (trouble: Trouble, name: string): Fault =>
  new Fault('refused', {
    field: 'disk',
    value: `/var/lib/cnsmo/${name}`,
    why: WHY[trouble],
    remedy: 'put the disk right, then try again',
  });

const badName = (name: string): Fault =>
  new Fault('refused', {
    field: 'disk',
    value: name,
    why: 'not a plain file name',
    remedy: 'use letters, digits, dots and dashes',
  });
