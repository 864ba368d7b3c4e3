/**
 * Edge: bench of spreading — how long after an operator asked for a change all VMs of a mesh know
 * it, by the daemons' own word.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus, renameAt } from '../netns-tests/outside-api.ts';
import type { Sample } from './figure.ts';
import { cpuMeter, type Listener, openListener } from './listener.ts';
import { namesOf, openMesh } from './mesh.ts';

/** From the moment when all are connected to the first change. Unit: ms. */
const SETTLE_MS = 20_000;
/** Before each change: fewer than gossip takes of one author in the long run. Unit: ms. */
const PAUSE_MS = 400;
/** A change that takes this long is lost. Unit: ms. */
const LOST_MS = 60_000;

/** Renames a member so often in a mesh of so many; each sample is until the last VM knew. */
export async function measureSpreading(
  members: number,
  changes: number,
  tell: (line: string) => void,
): Promise<readonly Sample[]> {
  tell(`mesh of ${members}: everybody joins`);
  const names = namesOf(members);
  const world = await openMesh(names);
  try {
    await sleep(SETTLE_MS);
    const vms = names.map((name) => world.vm(name));
    const [founder, last] = [vms.at(0), vms.at(-1)];
    if (founder === undefined || last === undefined) throw new Error('a mesh of nobody');
    const member = (await askStatus(last)).self.id;
    const rename = (name: string): Promise<unknown> => renameAt(founder, member, name);
    const listeners = await Promise.all(vms.map(openListener));
    const usedMs = cpuMeter(vms);
    const samples: Sample[] = [];
    for (let number = 1; number <= changes; number += 1) {
      if (number % 10 === 1) tell(`mesh of ${members}: change ${number} of ${changes}`);
      await sleep(PAUSE_MS);
      samples.push(await measureOne(listeners, usedMs, rename, `renamed-${number}`));
    }
    for (const listener of listeners) listener.end();
    return samples;
  } finally {
    await world.end();
  }
}

/** The founder renames the last VM; until all know it, the founder included. Unit: ms. */
async function measureOne(
  listeners: readonly Listener[],
  usedMs: () => number,
  rename: (name: string) => Promise<unknown>,
  name: string,
): Promise<Sample> {
  const heard = listeners.map((listener) =>
    listener.hears(({ kind, member }) => kind === 'renamed' && member === name, LOST_MS),
  );
  const cpuMs = usedMs();
  const startMs = performance.now();
  const asked = rename(name);
  const [ends] = await Promise.all([Promise.all(heard), asked]);
  return { value: Math.max(...ends) - startMs, cpuMs: usedMs() - cpuMs };
}
