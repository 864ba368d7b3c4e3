/** Edge: leaving — a VM that leaves is as it was before it joined, to the byte. */
import { admit, found, isReady, SETTLE_MS, stateOf, talk, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { networkState } from '../host-state.ts';
import { expectClean } from '../remains.ts';
import type { RealWorld } from '../world.ts';

/**
 * Goal: `leave` undoes everything. Method: compare links, addresses, routes, rules and settings of
 * vm2 and vm3 before they join and after they left: told, and without a daemon; then join again.
 */
export async function leavesNothing(world: RealWorld): Promise<void> {
  const [vm2, vm3] = [world.vm('vm2'), world.vm('vm3')];
  const before = [await networkState(vm2), await networkState(vm3)];
  await found(world, ['vm1', 'vm2', 'vm3']);
  expect('a member has more', (await networkState(vm2)) !== before[0]);
  await together(world, ['vm1', 'vm2', 'vm3']);
  const said = await obey(vm2, ['leave', '--yes', '-o', 'json']);
  const { told, others } = JSON.parse(said) as { readonly told: number; readonly others: number };
  expect(`all others heard of it, not ${said}`, told === 2 && others === 2);
  await expectClean(world, vm2, before[0] ?? '');
  const isLeft = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm2')) === 'left';
  await world.eventually('vm1 knows that vm2 left', isLeft, SETTLE_MS);

  await world.crash('vm3');
  await obey(vm3, ['leave', '--local', '--yes']);
  await expectClean(world, vm3, before[1] ?? '');

  await admit(world, 'vm1', 'vm2');
  await world.eventually('vm2 is back', () => isReady(world, 'vm2'), SETTLE_MS);
  await talk(world, ['vm1', 'vm2']);
}

/**
 * Goal: `leave` undoes what an earlier life of the VM did, too, and needs nobody for it. Method:
 * power cut and daemon kill before leaving, with the other member off.
 */
export async function leavesAfterCrashes(world: RealWorld): Promise<void> {
  const vm2 = world.vm('vm2');
  const before = await networkState(vm2);
  await found(world, ['vm1', 'vm2']);
  await world.powerCut('vm2');
  await world.boot('vm2');
  await together(world, ['vm1', 'vm2']);
  await world.crash('vm2');
  await world.boot('vm2');
  await world.powerCut('vm1');
  await world.leave('vm2');
  await expectClean(world, vm2, before);
}
