/**
 * Edge: impostor — a program of an attacker's in the place of a VM's daemon, under its key.
 */
import { type LocalState, readLocalState } from '../src/node/local-state.ts';
import type { SwarmNode } from '../src/ports.ts';
import { openDisk } from './disk.ts';
import { type Life, startLife } from './life.ts';
import type { Machine } from './machine.ts';
import type { Room } from './room.ts';
import { openSwarm } from './swarm.ts';

/** What it has: the life of its process, what the disk holds, and a node that trusts everybody. */
export interface Impostor {
  readonly life: Life;
  readonly local: LocalState;
  readonly node: SwarmNode;
}

/** Starts it on a VM whose daemon has ended. */
export async function openImpostor(
  { scheduler, hall, crypto }: Room,
  machine: Machine,
): Promise<Impostor> {
  const life = startLife(scheduler, `${machine.name}.hostile`);
  machine.lives.add(life);
  life.onEnd(() => machine.lives.delete(life));
  const local = await readLocalState(crypto, openDisk(scheduler, machine.platter, life));
  const node = await openSwarm(hall, crypto, machine.kernel.station, life).open({
    seed: local.keys.memberSeed,
    psk: local.psk,
    port: local.config.port,
    meshId: local.meshId,
    standing: () => 'member',
    isOverlay: () => false,
    judge: () => 'accept',
  });
  return { life, local, node };
}
