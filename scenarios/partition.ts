/**
 * Rule: partition — two halves that cannot reach each other go on, each for itself, and become one
 * again by themselves.
 */
import { apart, found, SETTLE_MS, stateOf, talk, together } from './mesh.ts';
import type { World } from './world.ts';

const EAST = ['vm1', 'vm2'];
const WEST = ['vm3', 'vm4'];

/** Both halves change the state while they are apart; afterwards everybody knows everything. */
export async function partition(world: World): Promise<void> {
  await found(world, [...EAST, 'vm3']);
  await world.operatorAdd('vm1', 'vm3');
  await world.cut('east', 'west');
  await apart(world, EAST, ['vm3']);
  await talk(world, EAST);
  const isLost = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm3')) === 'dead';
  await world.eventually('vm1 sees vm3 dead', isLost, SETTLE_MS);
  const isAlone = async (): Promise<boolean> => {
    const { reachable, total, members } = await world.status('vm3');
    const lost = members.filter(({ state }) => state === 'dead').map(({ name }) => name);
    return reachable === 1 && total === 3 && lost.join() === 'vm1,vm2';
  };
  await world.eventually('vm3 sees itself alone, and whom it lost', isAlone, SETTLE_MS);
  const hasHalf = async (): Promise<boolean> => (await world.status('vm1')).reachable === 2;
  await world.eventually('vm1 reaches its own half', hasHalf, SETTLE_MS);

  await world.join('vm4', await world.invite('vm3'));
  await talk(world, WEST);
  await apart(world, EAST, ['vm4']);
  await world.operatorAdd('vm1', 'vm2');

  await world.heal();
  await together(world, [...EAST, ...WEST]);
  const roles = async (): Promise<boolean> => {
    const rows = await world.members('vm4');
    return rows.filter(({ role }) => role === 'operator').length === 3;
  };
  await world.eventually('vm4 knows all three operators', roles, SETTLE_MS);
}

/** Two members apart: each goes on alone and writes; healed, both know both words. */
export async function partitionOfTwo(world: World): Promise<void> {
  await found(world, ['vm1', 'vm3']);
  await world.operatorAdd('vm1', 'vm3');
  await world.cut('east', 'west');
  await apart(world, ['vm1'], ['vm3']);
  const alone = async (vm: string): Promise<boolean> => (await world.status(vm)).reachable === 1;
  for (const vm of ['vm1', 'vm3']) {
    await world.eventually(`${vm} is alone`, () => alone(vm), SETTLE_MS);
  }
  await world.label('vm1', 'vm3', ['said=east']);
  await world.rename('vm3', 'vm1', 'db');

  await world.heal();
  const knowsBoth = async (vm: string): Promise<boolean> => {
    const rows = await world.members(vm);
    return (
      rows.some(({ name }) => name === 'db') && rows.some(({ labels }) => labels.said === 'east')
    );
  };
  for (const vm of ['vm1', 'vm3']) {
    await world.eventually(`${vm} knows both words`, () => knowsBoth(vm), SETTLE_MS);
  }
  await world.rename('vm3', 'db', 'vm1');
  await together(world, ['vm1', 'vm3']);
}
