/**
 * Rule: over-use — an invite for one that lets in two, since those who let them in could not hear
 * of each other: all are told, and an operator says who stays.
 */
import { apart, found, SETTLE_MS, stateOf, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
/** More than clocks of VMs are apart: twice 4 s in the simulator. Unit: ms. */
const CLOCKS_MS = 9_000;

/** Two VMs join by one token on two sides of a cut; nobody else does when it is over. */
export async function overUse(world: World): Promise<void> {
  await found(world, ['vm1', 'vm3']);
  const token = await world.invite('vm1');
  // What an operator says reaches the other member before this does.
  await world.label('vm1', 'vm3', ['invited=yes']);
  await world.eventually('vm3 knows the invite', () => isLabelled(world), SETTLE_MS);
  await world.cut('east', 'west');
  await apart(world, ['vm1'], ['vm3']);
  await world.join('vm2', token);
  // Who came too many is the later one by the clocks of those who let them in.
  const isCalm = async (): Promise<boolean> => !(await isAlarmed(world, 'vm1'));
  await world.holds('vm1 has no alarm', isCalm, CLOCKS_MS);
  await world.join('vm4', token);
  await talk(world, ['vm1', 'vm2']);
  await talk(world, ['vm3', 'vm4']);
  for (const name of ALL) expect(`${name} has no alarm yet`, !(await isAlarmed(world, name)));

  await world.heal();
  for (const name of ALL) {
    await world.eventually(`${name} is alarmed`, () => isAlarmed(world, name), SETTLE_MS);
  }
  const told = async (): Promise<boolean> =>
    (await world.events('vm3')).some(({ kind, text }) => kind === 'alarm' && OVER_USE.test(text));
  await world.eventually('vm3 tells it as an event', told, SETTLE_MS);
  await together(world, ALL);

  await world.evict('vm1', 'vm4');
  const left = ALL.filter((name) => name !== 'vm4');
  for (const name of left) {
    const isOver = async (): Promise<boolean> =>
      (await stateOf(world, name, 'vm4')) === 'evicted' && !(await isAlarmed(world, name));
    await world.eventually(`${name}: no alarm without vm4`, isOver, SETTLE_MS);
  }
  await world.leave('vm2');
  const again = await refusal('a third', world.join('vm2', token));
  expect(`it is refused for its uses: ${again}`, again.startsWith('token: '));
}

const OVER_USE = /over-use: invite \S+ let in 2 VMs, 1 at most/;

const isAlarmed = async (world: World, name: string): Promise<boolean> =>
  (await world.status(name)).alarms.some((line) => OVER_USE.test(line));

const isLabelled = async (world: World): Promise<boolean> =>
  (await world.members('vm3')).some(({ labels }) => labels.invited === 'yes');
