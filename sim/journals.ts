/**
 * Rule: journals — what the disks of VMs say, read as the product would read them after a restart.
 */

import { readGenesis } from '../src/crdt/genesis.ts';
import { memberIdOf } from '../src/crdt/ids.ts';
import { decodeJournal } from '../src/crdt/journal.ts';
import { openProjector } from '../src/crdt/projection.ts';
import { openStore, type Store } from '../src/crdt/store.ts';
import type { Machine } from './machine.ts';
import type { Room } from './room.ts';

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

/** Whether a VM's disk holds what does not check; a torn end is none of it. */
export const isDamaged = ({ crypto }: Room, machine: Machine): boolean =>
  decodeJournal(crypto, durable(machine, 'journal')).corrupt.length > 0;

/** Heads of journals that were read; what is on disk is never changed in its place. */
const headsIn = new WeakMap<Uint8Array, ReadonlySet<string>>();

function headsOf(room: Room, machine: Machine): ReadonlySet<string> {
  const bytes = durable(machine, 'journal');
  const heads = headsIn.get(bytes) ?? readHeads(room, machine);
  headsIn.set(bytes, heads);
  return heads;
}

const readHeads = (room: Room, machine: Machine): ReadonlySet<string> =>
  new Set(
    (storeOf(room, machine)?.heads() ?? []).map(({ author, generation, sequence, hash }) =>
      [author, generation, sequence, Buffer.from(hash).toString('hex')].join(' '),
    ),
  );

/** Everybody holds the same on disk. */
export function journalFlaws(room: Room, machines: readonly Machine[]): readonly string[] {
  const held = machines.map((machine) => headsOf(room, machine));
  const [first = new Set<string>()] = held;
  return machines.flatMap((machine, index) => {
    const count = (held[index] ?? new Set<string>()).symmetricDifference(first).size;
    return count === 0 ? [] : [`${machine.name}: ${count} heads differ from ${machines[0]?.name}`];
  });
}
