/** Edge: sites — the underlays that a mesh has to cope with. */
import { admit, apart, found, isReady, SETTLE_MS, talk, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { cnsmo, init, invite, join } from '../command-line.ts';
import type { Layout } from '../network.ts';
import type { RealWorld } from '../world.ts';

/** Both data centres have public addresses, of IPv6 alone. */
export const ONLY_IPV6: Layout = {
  sites: [
    { name: 'east', isNatted: false },
    { name: 'west', isNatted: false },
  ],
  families: [6],
};

/** Both families, the second site's IPv4 behind NAT: what most clouds give. */
export const BOTH_FAMILIES: Layout = {
  sites: [
    { name: 'east', isNatted: false },
    { name: 'west', isNatted: true },
  ],
  families: [4, 6],
};

/**
 * Goal: a founder behind 1:1 NAT is found by those outside. Method: vm3 founds the mesh behind NAT;
 * without `--advertise` its token warns, with it vm1 joins from outside and vm4 from inside.
 */
export async function founderBehindNat(world: RealWorld): Promise<void> {
  const vm3 = world.vm('vm3');
  await init(vm3);
  const blind = await cnsmo(vm3, ['invite']);
  expect(`the token warns: ${blind.stderr}`, /^note: .*--advertise/.test(blind.stderr));
  await world.leave('vm3');
  await init(vm3, ['--advertise', vm3.place.public4]);
  const seen = await cnsmo(vm3, ['invite', '--uses', '2']);
  expect(`the token does not warn: ${seen.stderr}`, seen.stderr === '');
  for (const name of ['vm1', 'vm4']) await world.join(name, seen.stdout.trim());
  await together(world, ['vm1', 'vm3', 'vm4']);
}

/**
 * Goal: who joined a VM of its own private network is reachable from outside as well. Method: all
 * members but one behind NAT, that one joins last, the founder is behind NAT and gone.
 */
export async function natInside(world: RealWorld): Promise<void> {
  const vm3 = world.vm('vm3');
  await init(vm3, ['--advertise', vm3.place.public4]);
  await world.eventually('vm3 is ready', () => isReady(world, 'vm3'), SETTLE_MS);
  await join(world.vm('vm4'), await invite(vm3));
  await admit(world, 'vm3', 'vm1');
  await together(world, ['vm1', 'vm3', 'vm4']);
  await world.powerCut('vm3');
  await talk(world, ['vm1', 'vm4']);
  await world.powerCut('vm1');
  await world.boot('vm1');
  await talk(world, ['vm1', 'vm4']);
}

/** Goal: any underlay carries the VPN. Method: a mesh across both sites, cut once and healed. */
export async function otherUnderlay(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.cut('east', 'west');
  await apart(world, ['vm1', 'vm2'], ['vm3']);
  await world.heal();
  await together(world, ['vm1', 'vm2', 'vm3']);
}
