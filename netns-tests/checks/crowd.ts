/** Edge: crowd — many VMs at once. */
import { isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import type { RealWorld, WorldOptions } from '../world.ts';

const NAMES = ['vm1', 'vm2', 'vm3', 'vm4', 'vm5', 'vm6'];

/** Six VMs, every second one behind NAT. */
export const CROWD: WorldOptions = {
  vms: NAMES.map((name, index) => ({ name, site: index % 2 === 0 ? 'east' : 'west' })),
};

/**
 * Goal: VMs that join at the same moment become different members with different addresses.
 * Method: five at once with one token for five; a sixth use of it is refused.
 */
export async function joinAtOnce(world: RealWorld): Promise<void> {
  const [founder = '', ...others] = NAMES;
  await world.init(founder);
  await world.eventually('vm1 is ready', () => isReady(world, founder), SETTLE_MS);
  const token = await world.invite(founder, { uses: others.length });
  await Promise.all(others.map((name) => world.join(name, token)));
  await together(world, NAMES);
  const rows = await world.members('vm6');
  const addresses = new Set(rows.flatMap((row) => row.addresses));
  expect('two addresses each', addresses.size === 2 * NAMES.length);
  expect('one id each', new Set(rows.map(({ id }) => id)).size === NAMES.length);
}
