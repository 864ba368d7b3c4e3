/**
 * Rule: journals — what the disks of VMs say, read as the product would read them after a restart.
 */

import { readFrame } from '../src/crdt/frame.ts';
import { readGenesis } from '../src/crdt/genesis.ts';
import { memberIdOf } from '../src/crdt/ids.ts';
import { decodeJournal } from '../src/crdt/journal.ts';
import { openProjector } from '../src/crdt/projection.ts';
import { openStore, type Store } from '../src/crdt/store.ts';
import type { Machine } from './machine.ts';
import type { Room } from './room.ts';

/** Largest journal of a run. Unit: bytes. Ten times what an hour of labels and joins takes. */
const JOURNAL_BYTES_MAX = 2 * 1024 * 1024;

const durable = (machine: Machine, name: string): Uint8Array =>
  machine.platter.files.get(name)?.durable ?? new Uint8Array();

/** A store filled from a VM's disk; null when that holds no member. */
function storeOf({ crypto }: Room, machine: Machine): Store | null {
  const read = readGenesis(crypto, durable(machine, 'genesis'));
  if (!read.ok) return null;
  const { genesis, meshId } = read;
  const seed = durable(machine, 'member-key');
  const self = { id: memberIdOf(crypto.publicKey(seed)), seed };
  const project = openProjector(crypto, genesis, meshId);
  const store = openStore(crypto, { genesis, meshId }, self, project);
  store.load(decodeJournal(crypto, durable(machine, 'journal')).frames, Number.MAX_SAFE_INTEGER);
  return store;
}

/** Everybody holds the same on disk, and no disk is full of it. */
export function journalFlaws(room: Room, machines: readonly Machine[]): readonly string[] {
  const held = machines.map((machine) => {
    const heads = storeOf(room, machine)?.heads() ?? [];
    return new Set(
      heads.map(({ author, generation, sequence, hash }) =>
        [author, generation, sequence, Buffer.from(hash).toString('hex')].join(' '),
      ),
    );
  });
  const [first = new Set<string>()] = held;
  return machines.flatMap((machine, index) => {
    const count = (held[index] ?? new Set<string>()).symmetricDifference(first).size;
    const size = durable(machine, 'journal').length;
    return [
      ...(count === 0 ? [] : [`${machine.name}: ${count} heads differ from ${machines[0]?.name}`]),
      ...(size <= JOURNAL_BYTES_MAX ? [] : [`${machine.name} has a journal of ${size} bytes`]),
    ];
  });
}

/** How far each author is on a VM's disk: generation and sequence. */
export type Marks = ReadonlyMap<string, readonly [generation: number, sequence: number]>;

/** The furthest frame of each author in a VM's journal, whether or not it would be taken. */
export function marksOf({ crypto }: Room, machine: Machine): Marks {
  const marks = new Map<string, readonly [number, number]>();
  for (const bytes of decodeJournal(crypto, durable(machine, 'journal')).frames) {
    const read = readFrame(bytes);
    if (!read.ok) continue;
    const { author, generation, sequence } = read.frame;
    const id = memberIdOf(author);
    if (isBehind(marks.get(id), [generation, sequence])) marks.set(id, [generation, sequence]);
  }
  return marks;
}

/** Authors of which a VM holds less than it held before. */
export const lostMarks = (before: Marks, now: Marks): readonly string[] =>
  [...before].flatMap(([author, mark]) => (isBehind(now.get(author), mark) ? [author] : []));

const isBehind = (mark: readonly [number, number] | undefined, other: readonly [number, number]) =>
  mark === undefined || mark[0] < other[0] || (mark[0] === other[0] && mark[1] < other[1]);
