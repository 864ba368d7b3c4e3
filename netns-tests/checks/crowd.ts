/** Edge: crowd — many VMs at once. */
import { isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect, type MemberRow } from '../../scenarios/world.ts';
import { silentPairs, unshakenPairs } from '../all-pairs.ts';
import { askMembers, askStatus } from '../outside-api.ts';
import type { RealWorld, WorldOptions } from '../world.ts';

/** The names of a crowd; the first one founds the mesh. */
export const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `vm${index + 1}`);

/** So many VMs, every second one behind NAT. */
export const crowdOf = (count: number): WorldOptions => ({
  vms: namesOf(count).map((name, index) => ({ name, site: index % 2 === 0 ? 'east' : 'west' })),
});

/** Lets a VM found a mesh, waits until it is ready, and gives a token for so many. */
export async function foundFor(world: RealWorld, founder: string, uses: number): Promise<string> {
  await world.init(founder);
  await world.eventually(`${founder} is ready`, () => isReady(world, founder), SETTLE_MS);
  return await world.invite(founder, { uses });
}

/** Lets the first found a mesh and all others join it at the same moment, with one token. */
export async function joinAtOnce(world: RealWorld, names: readonly string[]): Promise<void> {
  const [founder = '', ...others] = names;
  const token = await foundFor(world, founder, others.length);
  await world.timeline.act(`${others.length} join at once`, () =>
    Promise.all(others.map((name) => world.join(name, token))),
  );
}

/** Reached, though perhaps slowly or by others: after all booted at once it takes its time. */
export const REACHED: readonly string[] = ['alive', 'degraded'];

/** Waits until everybody is ready, sees everybody in such a state, and all pairs talk. */
export async function allTogether(
  world: RealWorld,
  names: readonly string[],
  states: readonly string[] = ['alive'],
): Promise<void> {
  for (const name of names) {
    const isWhole = async (): Promise<boolean> => {
      const rows = await askMembers(world.vm(name));
      const isFull =
        rows.length === names.length && rows.every(({ state }) => states.includes(state));
      return isFull && (await askStatus(world.vm(name))).self.ready;
    };
    await world.eventually(`${name} is ready and sees all`, isWhole, SETTLE_MS);
  }
  const isQuiet = (what: string, find: typeof silentPairs): Promise<void> =>
    world.eventually(
      what,
      async () => {
        const found = await find(world, names);
        if (found.length > 0) throw new Error(`${found.length}: ${found.slice(0, 5).join(', ')}`);
        return true;
      },
      SETTLE_MS,
    );
  await isQuiet('all pairs shook hands', unshakenPairs);
  await isQuiet('all pairs talk', silentPairs);
}

/** Expects so many different members with different addresses. */
export function expectDistinct(rows: readonly MemberRow[], count: number): void {
  const addresses = new Set(rows.flatMap((row) => row.addresses));
  expect('two addresses each', addresses.size === 2 * count);
  expect('one id each', new Set(rows.map(({ id }) => id)).size === count);
}

/**
 * Goal: VMs that join at the same moment become different members with different addresses.
 * Method: five at once with one token for five.
 */
export async function fiveAtOnce(world: RealWorld): Promise<void> {
  const names = namesOf(6);
  await joinAtOnce(world, names);
  await allTogether(world, names);
  expectDistinct(await askMembers(world.vm(names.at(-1) ?? '')), names.length);
}
