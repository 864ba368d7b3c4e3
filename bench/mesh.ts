/** Edge: mesh — a mesh of real daemons in VMs out of namespaces, for a bench to look at. */
import { openWorld, type RealWorld, type WorldOptions } from '../netns-tests/world.ts';

/** Longest wait until all are connected. Unit: ms. */
const READY_MS = 180_000;
/** Joins at once: a machine of two cores takes no more without stumbling. */
const JOINS_MAX = 3;

/** vm01, vm02, …: in the order of their numbers also when sorted. */
export const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `vm${String(index + 1).padStart(2, '0')}`);

/** VMs of these names, every second one behind NAT. */
export const layoutOf = (names: readonly string[]): WorldOptions => ({
  vms: names.map((name, index) => ({ name, site: index % 2 === 0 ? 'east' : 'west' })),
});

/** A world whose VMs, half of them behind NAT, are one mesh in which everybody reaches all. */
export async function openMesh(names: readonly string[]): Promise<RealWorld> {
  const world = await openWorld(layoutOf(names));
  try {
    const [founder = '', ...others] = names;
    await world.init(founder);
    const isReady = async (): Promise<boolean> => (await world.status(founder)).self.ready;
    await world.eventually('the founder is ready', isReady, READY_MS);
    const token = await world.invite(founder, { uses: others.length });
    for (let first = 0; first < others.length; first += JOINS_MAX) {
      const batch = others.slice(first, first + JOINS_MAX);
      await Promise.all(batch.map((name) => world.join(name, token)));
    }
    for (const name of names) {
      const isWhole = async (): Promise<boolean> => {
        const { self, total, reachable } = await world.status(name);
        return self.ready && total === names.length && reachable === total;
      };
      await world.eventually(`${name} reaches all`, isWhole, READY_MS);
    }
  } catch (error) {
    await world.end();
    throw error;
  }
  return world;
}
