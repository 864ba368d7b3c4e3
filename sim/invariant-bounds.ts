/**
 * Rule: bounds — queues, memory and disk stay under their caps (I12).
 */
import { encode } from '../src/crdt/codec.ts';
import { NODE_QUOTA } from '../src/crdt/holdings.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';

/** Most bytes of a file. An hour of labels and joins takes a tenth of it. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;
/** Most files in a state directory. */
const FILES_MAX = 64;
/** Most frames of an author that are kept, and most bytes: `examination.ts`. */
const FRAMES_MAX = 4_000;
const BYTES_RATIO = 6;
/** Messages of one VM that are under way or wait to be. */
const MESSAGES_MAX = 2_000;
/** Things that one run waits for, per VM: timers, answers, packets. */
const EVENTS_MAX = 2_000;

/** Looks at what grows. */
export const lookAtBounds = (scene: Scene): Look => ({
  always: () => {
    const { scheduler, hall, machines } = scene.storm.room;
    const events = scheduler.waiting() / machines.size;
    return [
      ...(events <= EVENTS_MAX ? [] : [`${Math.round(events)} events wait for each VM`]),
      ...machinesOf(scene).flatMap((machine) => [
        ...diskFlaws(machine),
        ...memoryFlaws(scene, machine),
        ...over(machine, 'messages under way', hall.wires.waiting(machine.name), MESSAGES_MAX),
      ]),
    ];
  },
});

const over = ({ name }: Machine, what: string, count: number, most: number): readonly string[] =>
  count <= most ? [] : [`${name} has ${count} ${what}, at most ${most} may be`];

const diskFlaws = (machine: Machine): readonly string[] => {
  const files = [...machine.platter.files].filter(([, { cached }]) => cached !== null);
  return [
    ...over(machine, 'files', files.length, FILES_MAX),
    ...files.flatMap(([name, { cached }]) =>
      over(machine, `bytes in ${name}`, cached?.length ?? 0, FILE_BYTES_MAX),
    ),
  ];
};

/** A node holds no more of another node than that one may say. */
function memoryFlaws({ storm, reader }: Scene, machine: Machine): readonly string[] {
  const weights = new Map<MemberId, { frames: number; bytes: number }>();
  for (const { author, bytes } of reader.inMemory(machine)) {
    const weight = weights.get(author) ?? { frames: 0, bytes: 0 };
    weights.set(author, { frames: weight.frames + 1, bytes: weight.bytes + bytes.length });
  }
  return [...weights].flatMap(([author, { frames, bytes }]) => [
    ...over(machine, `frames of ${author}`, frames, FRAMES_MAX),
    ...(storm.promised.granted.has(author)
      ? []
      : [
          ...over(machine, `bytes of ${author}`, bytes, BYTES_RATIO * NODE_QUOTA.bytes),
          ...(bytes < NODE_QUOTA.bytes && frames < NODE_QUOTA.keys
            ? []
            : liveFlaws(machine, author)),
        ]),
  ]);
}

/** What counts of an author; its encoding adds something to each value. */
function liveFlaws(machine: Machine, author: MemberId): readonly string[] {
  const replica = machine.node?.replica;
  if (replica === undefined) return [];
  const paths = replica.pathsOf(author);
  const bytes = paths.reduce((sum, path) => sum + encode(replica.valueOf(author, path)).length, 0);
  return [
    ...over(machine, `paths of ${author}`, paths.length, NODE_QUOTA.keys),
    ...over(machine, `bytes said by ${author}`, bytes, NODE_QUOTA.bytes),
  ];
}
