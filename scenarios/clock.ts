/**
 * Rule: clock — a member whose clock is wrong is named, harms nobody else, and is heard again when
 * its clock is right.
 */
import { found, isReady, SETTLE_MS, talk, together } from './mesh.ts';
import { expect, type World } from './world.ts';

/** What a world needs for it. */
export interface ClockWorld extends World {
  /** From now on the wall clock of a VM is off the true time by so much, ms; 0: it is right. */
  setClock(vm: string, offMs: number): Promise<void>;
}

/** Longest time until an alarm comes. Unit: ms. */
const ALARM_MS = 60_000;
/**
 * And until it goes: when each member has looked again at the one whose clock it was, which it does
 * with one drawn at random in every half minute. Unit: ms.
 */
const OVER_MS = 240_000;

const ALL = ['vm1', 'vm2', 'vm3'];
const RIGHT = ['vm1', 'vm3'];

/**
 * vm2's clock is off by so much: all say so with what helps, and the others go on among themselves.
 * `words`: the amount and direction, as the others put it and as vm2 puts it.
 */
export const wrongClock =
  (offMs: number, words: { readonly others: string; readonly own: string }) =>
  async (world: ClockWorld): Promise<void> => {
    for (const vm of [...ALL, 'vm4']) await world.setClock(vm, 0);
    await found(world, ALL);
    await world.operatorAdd('vm1', 'vm2');
    await world.eventually('vm2 is operator', () => isOperator(world, 'vm2'), SETTLE_MS);
    await world.label('vm2', 'vm3', ['before=1']);
    await all(world, ALL, 'before=1');
    for (const vm of ALL) expect(`no alarm at ${vm}`, (await clockAlarms(world, vm)).length === 0);

    await world.setClock('vm2', offMs);
    await world.label('vm2', 'vm3', ['wrong=1']);
    await world.label('vm2', 'vm2', ['both=wrong']);
    for (const vm of RIGHT) await named(world, vm, `clock of vm2 is ${words.others} this VM's`);
    await named(world, 'vm2', `this VM's clock is ${words.own} most members'`);
    await goOn(world);

    await world.label('vm2', 'vm3', ['late=1']);
    await world.setClock('vm2', 0);
    for (const vm of ALL) {
      const isOver = async (): Promise<boolean> => (await clockAlarms(world, vm)).length === 0;
      await world.eventually(`${vm} says no more of clocks`, isOver, OVER_MS);
    }
    for (const label of ['wrong=1', 'right=1', 'late=1']) await all(world, ALL, label);
    await world.eventually('all see the same', () => isSame(world), ALARM_MS);
    await together(world, [...ALL, 'vm4']);
  };

/** What the others do meanwhile: they stay ready, change things, and let somebody in. */
async function goOn(world: ClockWorld): Promise<void> {
  await world.label('vm1', 'vm1', ['right=1']);
  await all(world, RIGHT, 'right=1');
  // A wrong clock is no claim to the last word: what is said after it counts among the others.
  await world.label('vm1', 'vm2', ['both=right']);
  await all(world, RIGHT, 'both=right');
  await world.rename('vm1', 'vm3', 'db');
  for (const vm of RIGHT) await world.eventually(`${vm} sees db`, () => sees(world, vm), SETTLE_MS);
  await world.join('vm4', await world.invite('vm1'));
  await world.rename('vm1', 'db', 'vm3');
  await together(world, [...RIGHT, 'vm4']);
  // Longer than what a handshake of WireGuard is good for.
  // Who connects with vm4 for the first time is in step with it half a second later.
  let missed = 0;
  const areReady = async (): Promise<boolean> => {
    const isWhole = (await isReady(world, 'vm1')) && (await isReady(world, 'vm3'));
    missed = isWhole ? 0 : missed + 1;
    return missed < 4;
  };
  await world.holds('the others are ready', areReady, 200_000);
  await talk(world, ALL);
}

async function named(world: ClockWorld, vm: string, what: string): Promise<void> {
  const isNamed = async (): Promise<boolean> => {
    const alarms = await clockAlarms(world, vm);
    if (alarms.some((line) => line.startsWith(what) && line.includes('timedatectl'))) return true;
    throw new Error(alarms.join(' | '));
  };
  await world.eventually(`${vm} says: ${what}`, isNamed, ALARM_MS);
}

const clockAlarms = async (world: World, vm: string): Promise<readonly string[]> =>
  (await world.status(vm)).alarms.filter((line) => line.includes('clock'));

const isOperator = async (world: World, vm: string): Promise<boolean> =>
  (await world.status(vm)).self.role === 'operator';

const sees = async (world: World, vm: string): Promise<boolean> =>
  (await world.members(vm)).some(({ name }) => name === 'db');

/** Waits until these VMs see a label at somebody. */
async function all(world: World, vms: readonly string[], label: string): Promise<void> {
  const [key = '', value] = label.split('=');
  for (const vm of vms) {
    const hasIt = async (): Promise<boolean> =>
      (await world.members(vm)).some(({ labels }) => labels[key] === value);
    await world.eventually(`${vm} sees ${label}`, hasIt, ALARM_MS);
  }
}

/** Whether all list the same members with the same labels. */
async function isSame(world: World): Promise<boolean> {
  const lists = new Set<string>();
  for (const vm of ALL) {
    const rows = await world.members(vm);
    lists.add(JSON.stringify(rows.map(({ id, name, role, labels }) => [id, name, role, labels])));
  }
  return lists.size === 1;
}
