/** Edge: strangers — whoever is no member gets nothing out of the swarm, not even names. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { admit, apart, found, SETTLE_MS, stateOf, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { execute } from '../command.ts';
import { obey } from '../command-line.ts';
import type { Attempt, Loot } from '../stranger.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/** How long a client stays and listens; meanwhile the mesh changes. */
const STAY_MS = 3_000;
const CLIENT = join(import.meta.dirname, '../stranger.ts');

/** A file of a VM's state, in hexadecimal. */
const secret = (world: RealWorld, name: string, file: string): string =>
  readFileSync(join(world.vm(name).disk, 'cnsmo', file)).toString('hex');

/** Runs the client in vm4, which is no member, against members, while a frame goes round. */
async function plunder(
  world: RealWorld,
  seed: string,
  options: { readonly psk?: string; readonly members?: readonly string[] } = {},
): Promise<Loot> {
  const wish: Attempt = {
    seed,
    psk: options.psk ?? secret(world, 'vm1', 'psk'),
    mesh: (await world.status('vm1')).mesh.id,
    hosts: (options.members ?? ALL).map((name) => world.vm(name).place.public4),
    stayMs: STAY_MS,
  };
  const argv = world.vm('vm4').machine().enterNetwork([process.execPath, CLIENT]);
  let isOver = false;
  const running = execute(argv, { input: JSON.stringify(wish) }).finally(() => {
    isOver = true;
  });
  while (!isOver) await Promise.race([world.invite('vm1').catch(() => {}), running]);
  const { stdout, stderr, status } = await running;
  if (status !== 0) throw new Error(`the client failed: ${stderr}`);
  return JSON.parse(stdout) as Loot;
}

function expectNothing(who: string, loot: Loot): void {
  const { frames, ...lists } = loot;
  const isNothing = frames === 0 && Object.values(lists).every(({ length }) => length === 0);
  expect(`${who} gets nothing, not ${JSON.stringify(loot)}`, isNothing);
}

/**
 * Goal: after Noise nobody but members gets a protocol list, a topic or a frame: no stranger who
 * has the pre-shared key from a token, and no member without that key. Method: a client of its own
 * tries with a fresh key; and, so that it is known to work, with the key of a member.
 */
export async function strangers(world: RealWorld): Promise<void> {
  await found(world, ALL);
  const vm2 = world.vm('vm2');
  expectNothing('a stranger', await plunder(world, randomBytes(32).toString('hex')));

  await obey(vm2, ['stop']);
  const seed = secret(world, 'vm2', 'member-key');
  const psk = randomBytes(32).toString('hex');
  const members = ['vm1', 'vm3'];
  expectNothing('a member without the key', await plunder(world, seed, { psk, members }));
  const loot = await plunder(world, seed, { members });
  const said = JSON.stringify(loot);
  expect(`a member stays connected: ${said}`, loot.stayed.length === members.length);
  expect(`a member gets the list: ${said}`, /meshsub/.test(loot.list));
  expect(
    `a member opens protocols: ${said}`,
    loot.opened.some((name) => name.endsWith('/sync')),
  );
  expect(
    `a member gets the topic: ${said}`,
    loot.topics.some((name) => name.endsWith('/frames')),
  );
  expect(`a member gets frames: ${said}`, loot.frames > 0);
  await obey(vm2, ['start']);
  await together(world, ALL);
}

/**
 * Goal: an evicted member is a stranger, its live connections and its tunnels included. Method:
 * evict vm3, and let the client try with vm3's key; a new member then joins as ever.
 */
export async function evicted(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await world.evict('vm1', 'vm3');
  for (const name of ['vm1', 'vm2']) {
    const isOut = async (): Promise<boolean> => (await stateOf(world, name, 'vm3')) === 'evicted';
    await world.eventually(`${name} knows that vm3 is evicted`, isOut, SETTLE_MS);
  }
  await apart(world, ['vm1', 'vm2'], ['vm3']);
  await world.crash('vm3');
  const seed = secret(world, 'vm3', 'member-key');
  expectNothing('an evicted key', await plunder(world, seed, { members: ['vm1', 'vm2'] }));
  await admit(world, 'vm1', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm4']);
}
