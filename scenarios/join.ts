/**
 * Rule: join — a VM with a token becomes a member and talks to everybody; a used token opens
 * nothing.
 */
import { found, isReady, SETTLE_MS, stateOf, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

/** Three VMs make a mesh; the fourth is kept out with a spent token and let in with a fresh one. */
export async function join(world: World): Promise<void> {
  await world.init('vm1');
  await world.eventually('vm1 is ready alone', () => isReady(world, 'vm1'), SETTLE_MS);
  const token = await world.invite('vm1');
  await world.join('vm2', token);
  await together(world, ['vm1', 'vm2']);

  const line = await refusal('a token for one use, used twice', world.join('vm3', token));
  expect(`the refusal names the token: ${line}`, line.startsWith('token: '));
  expect('nobody was admitted', (await stateOf(world, 'vm1', 'vm3')) === null);
  expect('who was refused reaches nobody', !(await world.ping('vm3', 'vm1')));

  const many = await world.invite('vm1', { uses: 2 });
  await world.join('vm3', many);
  await world.join('vm4', many);
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  const addresses = new Set((await world.members('vm2')).flatMap((row) => row.addresses));
  expect('eight addresses for four members', addresses.size === 8);

  const forbidden = await refusal('an invite made by a node', world.invite('vm2'));
  expect(`the refusal names the role: ${forbidden}`, forbidden.startsWith('role: '));
}

/** A member leaves: the others forget its tunnel, and it may come back with a new token. */
export async function leave(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.leave('vm2');
  const isGone = async (name: string): Promise<boolean> =>
    (await stateOf(world, name, 'vm2')) === 'left';
  for (const name of ['vm1', 'vm3']) {
    await world.eventually(`${name} knows that vm2 left`, () => isGone(name), SETTLE_MS);
    await world.eventually(`${name} does not reach vm2`, () => isMute(world, name), SETTLE_MS);
  }
  await talk(world, ['vm1', 'vm3']);
  await world.join('vm2', await world.invite('vm1'));
  await world.eventually('vm2 is back', () => isReady(world, 'vm2'), SETTLE_MS);
  await talk(world, ['vm1', 'vm2', 'vm3']);
}

const isMute = async (world: World, name: string): Promise<boolean> =>
  !(await world.ping(name, 'vm2')) && !(await world.ping('vm2', name));
