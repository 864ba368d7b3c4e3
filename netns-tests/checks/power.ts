/** Edge: power — the founder dies in three ways, and the mesh goes on and grows. */
import { admit, apart, found, SETTLE_MS, stateOf, talk, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { pingDuring } from '../steady.ts';
import type { RealWorld } from '../world.ts';

const OTHERS = ['vm2', 'vm3'];

/**
 * Goal: no way in which the founder dies disturbs the others, and an operator left lets a new VM
 * in. Method: kill it by `die`, ping between the others meanwhile, join a fourth, bring it back.
 */
const founderDies =
  (die: 'powerCut' | 'crashVm') =>
  async (world: RealWorld): Promise<void> => {
    await found(world, ['vm1', 'vm2', 'vm3']);
    await world.operatorAdd('vm1', 'vm2');
    const calm = await pingDuring(world, ['vm2', 'vm3'], async () => {
      await world[die]('vm1');
      const isDead = async (): Promise<boolean> => (await stateOf(world, 'vm2', 'vm1')) === 'dead';
      await world.eventually('vm2 sees vm1 dead', isDead, SETTLE_MS);
    });
    expect(`no ping is lost of ${calm.sent}, not ${calm.lost}`, calm.lost === 0);
    await apart(world, ['vm1'], OTHERS);
    await admit(world, 'vm2', 'vm4');
    await talk(world, ['vm2', 'vm3', 'vm4']);
    await world.boot('vm1');
    await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  };

/** The founder loses its power. */
export const founderPowerCut = founderDies('powerCut');

/** The founder's VM is killed, and its kernel tells the others. */
export const founderCrash = founderDies('crashVm');
