/**
 * Edge: forge eviction — writes an eviction into an operator's own journal, by the project's own
 * code: there is no command for it yet, and the swarm's gate has to obey it all the same.
 */

import { openClock } from '../src/node/linux/clock.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import { openDisk } from '../src/node/linux/disk.ts';
import { readLocalState } from '../src/node/local-state.ts';
import { openReplica } from '../src/node/replica.ts';

/** Evicts a member in the state of a member whose daemon does not run. */
export async function forgeEviction(stateDirectory: string, member: string): Promise<void> {
  const [crypto, disk] = [openCrypto(), await openDisk(stateDirectory)];
  const silent = (): void => {};
  const log = { info: silent, warn: silent, error: silent };
  const ports = { clock: openClock(), crypto, disk, log };
  const replica = await openReplica(ports, await readLocalState(crypto, disk));
  await replica.write([{ path: `trust/evict/${member}`, value: { reason: 'a test' } }]);
  await replica.flush();
}
