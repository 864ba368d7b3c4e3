/**
 * Rule: all off, then on — a mesh whose VMs all lost power is the same mesh when they have it
 * again.
 */
import { agreed } from './core.ts';
import { found, SETTLE_MS, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
const LOST_FIRST = ['vm2', 'vm4'];
const TWO = ['vm1', 'vm3'];

/**
 * Half of them, without a word, and the other half goes on and has a core; then everybody; later
 * they start in another order, the founder last.
 */
export async function allOffOn(world: World): Promise<void> {
  await found(world, ALL);
  const before = await identities(world, ALL);
  for (const name of LOST_FIRST) await world.powerCut(name);
  expect('nobody answers', !(await world.ping('vm1', 'vm2')));
  const left = ALL.filter((name) => !LOST_FIRST.includes(name));
  for (const name of left) {
    const knows = async (): Promise<boolean> => (await deadFor(world, name)) === LOST_FIRST.join();
    await world.eventually(`${name} knows who is dead`, knows, SETTLE_MS);
  }
  await talk(world, left);
  await agreed(world, left, LOST_FIRST);
  for (const name of left) await world.powerCut(name);
  await refusal('status of a VM without power', world.status('vm1'));

  for (const name of ALL.toReversed()) await world.boot(name);
  await together(world, ALL);
  await agreed(world, ALL);
  expect('the same ids and addresses', (await identities(world, ALL)) === before);
}

const deadFor = async (world: World, name: string): Promise<string> =>
  (await world.status(name)).members
    .filter(({ state }) => state === 'dead')
    .map((row) => row.name)
    .toSorted()
    .join();

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
