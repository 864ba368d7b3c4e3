/**
 * Edge: apart — two members that cannot reach each other for long: minutes, or weeks.
 */
import { apart, found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import { expect, type World } from '../scenarios/world.ts';
import type { Room } from './room.ts';
import { pauseRun } from './world.ts';

/** Longest time until two are whole again. Unit: virtual ms. */
const WHOLE_MS = 20_000;
/** Times that each side says something meanwhile. */
const WORDS = 7;

/**
 * Both write all the time; in the middle both are restarted, one of them at another address. When
 * the cut is over they are whole within 20 s, and know every word of the other.
 */
export const apartFor =
  (durationMs: number) =>
  async (world: World, room: Room): Promise<void> => {
    const names = ['vm1', 'vm3'];
    await found(world, names);
    await world.operatorAdd('vm1', 'vm3');
    await world.eventually('vm3 is an operator', () => isOperator(world), SETTLE_MS);
    await world.cut('east', 'west');
    await apart(world, ['vm1'], ['vm3']);
    for (let word = 0; word < WORDS; word += 1) {
      for (const vm of names) await world.label(vm, vm, [`${vm}-${word}=said`]);
      if (word === Math.floor(WORDS / 2)) await restart(world);
      await pauseRun(room, durationMs / WORDS);
    }
    await world.heal();
    const healedMs = room.scheduler.nowMs();
    await together(world, names);
    for (const vm of names) {
      await world.eventually(`${vm} knows every word`, () => knowsAll(world, vm), WHOLE_MS);
    }
    const tookMs = room.scheduler.nowMs() - healedMs;
    room.trace.note(room.scheduler.nowMs(), 'apart', `whole again after ${Math.round(tookMs)} ms`);
    expect(`whole again within ${WHOLE_MS} ms, not ${tookMs}`, tookMs <= WHOLE_MS);
  };

const isOperator = async (world: World): Promise<boolean> =>
  (await world.status('vm3')).self.role === 'operator';

/** vm3 comes back elsewhere; vm1 stays where vm3 looks for it. */
async function restart(world: World): Promise<void> {
  for (const vm of ['vm1', 'vm3']) await world.powerCut(vm);
  await world.move('vm3');
  for (const vm of ['vm1', 'vm3']) await world.boot(vm);
}

async function knowsAll(world: World, vm: string): Promise<boolean> {
  const labels = (await world.members(vm)).flatMap((row) => Object.keys(row.labels));
  return labels.length === 2 * WORDS;
}
