/**
 * Rule: member lost — a VM that dies takes nothing with it, and finds its place when it comes back.
 */
import { apart, found, stateOf, talk, together } from './mesh.ts';
import { expect, type World } from './world.ts';

/** Longest wait until a death is known. Unit: ms. It takes 8 s at most where nothing is lost. */
const DEATH_MS = 30_000;

const OTHERS = ['vm1', 'vm3'];
const ALL = ['vm1', 'vm2', 'vm3'];

/** A power cut: the others notice, go on talking, and take it back as it was. */
export async function memberLost(world: World): Promise<void> {
  await found(world, ALL);
  const before = (await world.status('vm2')).self;
  await world.powerCut('vm2');
  expect('a VM without power answers nobody', !(await world.ping('vm1', 'vm2')));
  await isDead(world);
  await world.holds('vm1 reaches vm3', () => reaches(world, 'vm1', 'vm3'), 10_000);
  await apart(world, OTHERS, ['vm2']);

  await world.boot('vm2');
  await together(world, ALL);
  const after = (await world.status('vm2')).self;
  expect('the same member', after.id === before.id);
  expect('the same addresses', after.addresses.join() === before.addresses.join());
}

/**
 * A crash of the daemon: the tunnels stay, for they are the kernel's; the daemon finds them again.
 * Each other member tells of its start, also where it was back before anybody missed it.
 */
export async function daemonLost(world: World): Promise<void> {
  await found(world, ALL);
  await world.crash('vm2');
  await world.boot('vm2');
  await startsSeen(world, 1);
  await world.crash('vm2');
  await isDead(world);
  await talk(world, ALL);
  await world.boot('vm2');
  await together(world, ALL);
  await startsSeen(world, 2);
}

/** The others have told so many starts of vm2, and of nobody else. */
async function startsSeen(world: World, count: number): Promise<void> {
  for (const name of OTHERS) {
    const told = async (): Promise<string> => {
      const events = await world.events(name);
      const starts = events.filter(({ kind, member }) => kind === 'started' && member !== null);
      return starts.map(({ member }) => member).join();
    };
    const wanted = Array.from({ length: count }, () => 'vm2').join();
    const isTold = async (): Promise<boolean> => (await told()) === wanted;
    await world.eventually(`${name} tells ${count} starts of vm2`, isTold, DEATH_MS);
  }
}

async function isDead(world: World): Promise<void> {
  for (const name of OTHERS) {
    const isSeen = async (): Promise<boolean> => (await stateOf(world, name, 'vm2')) === 'dead';
    await world.eventually(`${name} sees vm2 dead`, isSeen, DEATH_MS);
  }
}

/** One of three pings: the underlay may lose packets. */
async function reaches(world: World, from: string, to: string): Promise<boolean> {
  for (let round = 0; round < 3; round += 1) if (await world.ping(from, to)) return true;
  return false;
}
