/**
 * Edge: engine successor — a member of a later version: it says what this one cannot read, with its
 * own key and in its own chain, so that all others take it.
 *
 * 1. The daemon of that member is stopped meanwhile: two writers of one journal would be a fork.
 */
import { join } from 'node:path';
import type { Edit } from '../src/crdt/entry.ts';
import { openClock } from '../src/node/linux/clock.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import { openDisk } from '../src/node/linux/disk.ts';
import { readLocalState } from '../src/node/local-state.ts';
import { openReplica } from '../src/node/replica.ts';
import type { Log } from '../src/ports.ts';
import type { Vm } from './vm.ts';

const nothing = (): void => undefined;
const SILENT: Log = { info: nothing, warn: nothing, error: nothing };

/** Writes it into the journal of a member whose daemon is stopped: the next one sends it. */
export async function sayAs(vm: Vm, edits: readonly Edit[]): Promise<void> {
  const crypto = openCrypto();
  const disk = await openDisk(join(vm.disk, 'cnsmo'));
  const local = await readLocalState(crypto, disk);
  const replica = await openReplica({ clock: openClock(), crypto, disk, log: SILENT }, local);
  replica.confirm(); // Nobody has more of it: its daemon was in step when it was stopped.
  await replica.write(edits);
  await replica.flush();
  replica.close();
}
