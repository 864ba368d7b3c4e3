/** Edge: wrong clock — a member whose clock is an hour ahead is named, and harms nobody. */
import { agreed } from '../../scenarios/core.ts';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { setClock, startLying } from '../lying-clock.ts';
import { deathsIn, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/**
 * Goal: one wrong clock is one member's trouble. Method: the daemon of vm3 runs an hour ahead: all
 * say so, nobody is dead for it, the others go on, and all agree on a core, which is never vm3,
 * also in its turn: turns are short. Then its clock is right.
 */
export async function wrongClock(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await obey(world.vm('vm1'), ['core', '--epoch', '30s']);
  const vm3 = world.vm('vm3');
  setClock(vm3, 3_600);
  await obey(vm3, ['stop']);
  await startLying(vm3);
  await world.eventually('vm3 is ready', () => isReady(world, 'vm3'), SETTLE_MS);
  const told = await toldDuring(world, ALL, async () => {
    for (const name of ALL) {
      await world.eventually(`${name} tells of clocks`, () => isNamed(world, name), SETTLE_MS);
    }
    await agreed(world, ALL, ['vm3']);
    await world.label('vm1', 'vm2', ['said=meanwhile']);
    const isHeard = async (): Promise<boolean> =>
      (await world.members('vm2')).some(({ labels }) => labels.said === 'meanwhile');
    await world.eventually('the others go on', isHeard, SETTLE_MS);
  });
  const deaths = deathsIn(told);
  expect(`nobody is dead for a clock, but ${deaths}`, deaths.length === 0);
  setClock(vm3, 0);
  for (const name of ALL) {
    const isOver = async (): Promise<boolean> => !(await isNamed(world, name));
    await world.eventually(`${name} tells no more of clocks`, isOver, SETTLE_MS);
  }
  await agreed(world, ALL);
  await together(world, ALL);
}

const isNamed = async (world: RealWorld, name: string): Promise<boolean> =>
  (await world.status(name)).alarms.some((line) => line.includes('clock'));
