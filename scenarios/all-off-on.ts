/**
 * Rule: all off, then on — a mesh whose VMs all lost power is the same mesh when they have it
 * again.
 */
import { agreed } from './core.ts';
import { found, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
const TWO = ['vm1', 'vm3'];

/** Everybody at once, without a word; later they start in another order, the founder last. */
export async function allOffOn(world: World): Promise<void> {
  await found(world, ALL);
  const before = await identities(world, ALL);
  for (const name of ALL) await world.powerCut(name);
  expect('nobody answers', !(await world.ping('vm1', 'vm2')));
  await refusal('status of a VM without power', world.status('vm1'));

  for (const name of ALL.toReversed()) await world.boot(name);
  await together(world, ALL);
  expect('the same ids and addresses', (await identities(world, ALL)) === before);
}

/** With two members, which boot at the same moment. */
export async function allOffOnOfTwo(world: World): Promise<void> {
  await found(world, TWO);
  const before = await identities(world, TWO);
  for (const name of TWO) await world.powerCut(name);
  expect('nobody answers', !(await world.ping('vm1', 'vm3')));
  await Promise.all(TWO.map((name) => world.boot(name)));
  await together(world, TWO);
  await agreed(world, TWO);
  expect('the same ids and addresses', (await identities(world, TWO)) === before);
}

async function identities(world: World, names: readonly string[]): Promise<string> {
  const selves = await Promise.all(names.map(async (name) => (await world.status(name)).self));
  return selves.map(({ id, addresses }) => [id, ...addresses].join()).join(' ');
}
