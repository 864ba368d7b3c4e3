/**
 * Rule: floors — what is accepted of an author never becomes less (I6).
 *
 * 1. What a disk holds for sure stays, whatever crashes: frames of others as well as own ones.
 * 2. A daemon that starts holds all that its disk held for sure when it was last looked at.
 * 3. While a daemon runs, its heads only rise. Only that an author signed two frames for one place
 *    sets its head back to where they part.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { forkersIn, type Look, machinesOf, type Scene } from './invariant.ts';
import type { Life } from './life.ts';
import type { Machine } from './machine.ts';
import { holdsMember } from './storm.ts';

type Mark = readonly [generation: number, sequence: number];
/** By author. */
type Marks = ReadonlyMap<MemberId, Mark>;

interface Seen {
  /** Null: of a disk, and where no daemon serves. */
  readonly life: Life | null;
  /** The key that the disk holds: an emptied VM may be another member soon. */
  readonly key: Uint8Array | null;
  readonly marks: Marks;
  readonly oldDisks: number;
}

const NOTHING = new Uint8Array();

/** Looks at disks and daemons. */
export function lookAtFloors(scene: Scene): Look {
  const onDisk = new Map<string, Seen>();
  const inMemory = new Map<string, Seen>();
  return {
    always: () =>
      machinesOf(scene).flatMap((machine) => {
        const key = machine.platter.files.get('member-key')?.cached ?? null;
        const { oldDisks } = machine;
        const disk = { life: null, key, oldDisks, marks: durableMarks(scene, machine) };
        const life = machine.node === null ? null : machine.daemon;
        const memory = { life, key, oldDisks, marks: heads(machine) };
        const { name } = machine;
        const [diskBefore, memoryBefore] = [onDisk.get(name), inMemory.get(name)];
        const isSameLife = memoryBefore?.life === life;
        return [
          ...compare(scene, onDisk, { machine, before: diskBefore, now: disk }),
          ...compare(scene, inMemory, {
            machine,
            before: isSameLife ? memoryBefore : floorOf(machine, diskBefore),
            now: memory,
          }),
        ];
      }),
  };
}

/** What a daemon must hold that was not looked at in this life yet (invariant 2). */
const floorOf = ({ node }: Machine, disk: Seen | undefined): Seen | undefined =>
  node === null || node.replica.isInDoubt() ? undefined : disk;

interface Looks {
  readonly machine: Machine;
  readonly before: Seen | undefined;
  readonly now: Seen;
}

function compare(
  { storm }: Scene,
  seen: Map<string, Seen>,
  { machine, before, now }: Looks,
): readonly string[] {
  const { name } = machine;
  seen.delete(name);
  // A damaged disk is written anew with what can be trusted, and the rest is fetched again.
  if (!holdsMember(machine) || storm.tampered.has(name)) return [];
  seen.set(name, now);
  if (before === undefined || before.oldDisks !== now.oldDisks) return [];
  if (Buffer.compare(before.key ?? NOTHING, now.key ?? NOTHING) !== 0) return [];
  const forked = forkersIn(machine);
  const where = now.life === null ? 'disk' : 'memory';
  return [...before.marks]
    .filter(([author, mark]) => isBehind(now.marks.get(author), mark))
    .filter(([author]) => !forked.has(author) && !storm.promised.leavers.has(author))
    .map(([author, mark]) => {
      const left = now.marks.get(author)?.join('.') ?? 'nothing';
      return `${name} holds in its ${where} ${left} of ${author}, no longer ${mark.join('.')}`;
    });
}

/** The furthest frame of each author, whether or not it would be taken. */
function durableMarks({ reader }: Scene, machine: Machine): Marks {
  const marks = new Map<MemberId, Mark>();
  for (const { author, generation, sequence } of reader.onDisk(machine, 'durable')) {
    const mark: Mark = [generation, sequence];
    if (isBehind(marks.get(author), mark)) marks.set(author, mark);
  }
  return marks;
}

const heads = ({ node }: Machine): Marks =>
  new Map(
    (node?.replica.heads() ?? []).map(({ author, generation, sequence }) => [
      author,
      [generation, sequence],
    ]),
  );

const isBehind = (mark: Mark | undefined, other: Mark): boolean =>
  mark === undefined || mark[0] < other[0] || (mark[0] === other[0] && mark[1] < other[1]);
