/**
 * Edge: bench of healing — two sites that could not reach each other for ten minutes, and wrote
 * meanwhile: when are all together again, and know what the other side wrote?
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askMembers, askStatus, renameAt } from '../../netns-tests/outside-api.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { RealWorld } from '../../netns-tests/world.ts';
import type { Bench } from '../bench.ts';
import type { Sample } from '../figure.ts';
import { allHear, cpuMeter, openListener } from '../listener.ts';
import { namesOf, openMesh } from '../mesh.ts';

/** How long the sites are apart. Unit: ms. */
const APART_MS = 600_000;
const LOST_MS = 120_000;
const LOOK_MS = 200;

/** The meshes, and when they have to be whole again, from the issue that set it. Unit: s. */
const MESHES = [
  { members: 2, atMost: 20 },
  { members: 20, atMost: 35 },
] as const;

/** The bench. All meshes are apart at the same time; they heal one after the other. */
export const benchHealing: Bench = async ({ rounds, tell }) => {
  const worlds: { readonly world: RealWorld; readonly samples: Sample[] }[] = [];
  try {
    for (const { members } of MESHES) {
      tell(`mesh of ${members}: everybody joins`);
      const world = await openMesh(namesOf(members));
      worlds.push({ world, samples: [] });
      await world.operatorAdd('vm01', 'vm02'); // There is one on each side.
    }
    const count = rounds ?? 1;
    for (let round = 1; round <= count; round += 1) {
      tell(`two sites are apart, round ${round} of ${count}`);
      await Promise.all(worlds.map(({ world }) => world.cut('east', 'west')));
      await sleep(APART_MS / 2);
      const words = ['east', 'west'].map((side) => `${side}-${round}`);
      for (const { world } of worlds) await write(world, words);
      await sleep(APART_MS / 2);
      for (const { world, samples } of worlds) samples.push(await heal(world, words));
    }
    return MESHES.map(({ members, atMost }, index) => ({
      name: `${members} members whole again after ${APART_MS / 60_000} min apart`,
      unit: 's',
      series: [{ name: 'cnsmo', samples: worlds[index]?.samples ?? [] }],
      limits: [{ of: 'worst', series: 'cnsmo', atMost }],
    }));
  } finally {
    for (const { world } of worlds) await world.end();
  }
};

/** An operator on each side gives itself a name that the other side does not hear of. */
async function write(world: RealWorld, words: readonly string[]): Promise<void> {
  for (const [index, name] of ['vm01', 'vm02'].entries()) {
    const vm = world.vm(name);
    await renameAt(vm, (await askStatus(vm)).self.id, words[index] ?? '');
  }
}

/** Until the last one reaches all and knows both words. Unit: s. */
async function heal(world: RealWorld, words: readonly string[]): Promise<Sample> {
  const vms = [...world.vms.values()];
  const usedMs = cpuMeter(vms);
  const listeners = await Promise.all(vms.map(openListener));
  const cpuMs = usedMs();
  const startMs = performance.now();
  await world.heal();
  await allHear(listeners, ({ kind }) => kind === 'healed', LOST_MS);
  while (!(await isWhole(vms, words))) {
    if (performance.now() > startMs + LOST_MS) throw new Error('the mesh is not whole again');
    await sleep(LOOK_MS);
  }
  return { value: (performance.now() - startMs) / 1_000, cpuMs: usedMs() - cpuMs };
}

async function isWhole(vms: readonly Vm[], words: readonly string[]): Promise<boolean> {
  for (const vm of vms) {
    const { reachable, total } = await askStatus(vm);
    const names = (await askMembers(vm)).map(({ name }) => name);
    const isDone = reachable === total && total === vms.length;
    if (!isDone || !words.every((word) => names.includes(word))) return false;
  }
  return true;
}
