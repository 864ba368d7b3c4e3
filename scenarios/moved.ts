/**
 * Rule: moved — members that come back at other addresses are found again, as long as anybody is
 * where another one looks for it.
 */
import { apart, found, stateOf, talk, together } from './mesh.ts';
import { expect, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
const TWO = ['vm1', 'vm3'];

/** All are off at once and come back, all but one elsewhere: through that one they all meet. */
export async function moved(world: World): Promise<void> {
  await found(world, ALL);
  for (const name of ALL) await world.powerCut(name);
  for (const name of ['vm1', 'vm2', 'vm4']) await world.move(name);
  await Promise.all(ALL.map((name) => world.boot(name)));
  await together(world, ALL);
}

/** Two members: first one moves and then the other, each while the other is off or cut off. */
export async function movedInTurn(world: World): Promise<void> {
  await found(world, TWO);
  for (const name of TWO) await world.powerCut(name);
  await world.move('vm3');
  await Promise.all(TWO.map((name) => world.boot(name)));
  await together(world, TWO);
  // Behind a NAT it learns its new address from vm1, and says so; what it says after that is known
  // to vm1 only with all before.
  const isThere = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm3')) !== 'dead';
  await world.holds('they stay together', isThere, 3_000);
  for (const isDraining of [true, false]) await world.drain('vm3', isDraining);

  await world.cut('east', 'west');
  await apart(world, ['vm1'], ['vm3']);
  await world.powerCut('vm1');
  await world.move('vm1');
  await world.boot('vm1');
  expect('vm1 has not found vm3 yet', (await stateOf(world, 'vm1', 'vm3')) !== 'alive');
  await world.heal();
  await together(world, TWO);
  await talk(world, TWO);
}

/** Two members that moved at the same moment: nobody can know where, so a person says it once. */
export async function allMoved(world: World): Promise<void> {
  await found(world, TWO);
  for (const name of TWO) {
    await world.powerCut(name);
    await world.move(name);
  }
  await Promise.all(TWO.map((name) => world.boot(name)));
  const isAlone = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm3')) !== 'alive';
  await world.holds('vm1 finds nobody', isAlone, 15_000);
  await world.pointTo('vm1', 'vm3');
  await together(world, TWO);
}
