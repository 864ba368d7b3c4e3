import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, isReady, SETTLE_MS, together } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import type { LinksView } from '../src/node/rules/answers.ts';
import { underBan } from './ban.ts';
import { openRoom, type Room } from './room.ts';
import { openTroubleWorld } from './trouble-world.ts';
import { ask, openWorld } from './world.ts';

/** Virtual time that a story may take. Unit: ms. */
const STORY_MS = 1_800_000;
/** Longest until a connection that is not needed has ended. Unit: virtual ms. */
const SPARE_MS = 600_000;

test('status names who is behind and nobody else', async () => {
  // Goal: digests compared on request. Method: vm2's clock is a minute ahead, so that what it says
  // waits at the others: by it they are behind, by them it is ahead; and nobody is when it is over.
  const room = openRoom({ seed: 3, vms: 4, bug: null });
  const world = openTroubleWorld(room, 'sim seed 3');
  const compared = async (vm: string): Promise<string> => {
    const query = { compare: 'true' };
    const { outOfStep } = await ask<{ readonly outOfStep: readonly string[] }>(room, vm, {
      path: '/v1/status',
      query,
    });
    return outOfStep.join('; ');
  };
  const says = (vm: string, words: string): Promise<void> =>
    world.eventually(`${vm} says: ${words}`, async () => (await compared(vm)) === words, SETTLE_MS);
  const story = async (): Promise<void> => {
    const names = ['vm1', 'vm2', 'vm3'];
    for (const name of names) await world.setClock(name, 0);
    await found(world, names);
    await world.operatorAdd('vm1', 'vm2');
    await together(world, names);
    for (const name of names) await says(name, '');
    await world.setClock('vm2', 60_000);
    await world.label('vm2', 'vm3', ['said=early']);
    await says('vm2', 'vm1 is behind this VM; vm3 is behind this VM');
    await says('vm1', 'vm2 is ahead of this VM');
    await world.setClock('vm2', 0);
    for (const name of names) await says(name, '');
  };
  await underBan(() => room.scheduler.drive(story(), STORY_MS));
});

test('a degree that is set holds on a running mesh, and far members are asked', async () => {
  // Goal: degree settable, on-demand dials. Method: 14 VMs; 12, then 6: with how many each keeps
  // connections and has them, and all reach all; then the log of one that is not connected.
  const names = Array.from({ length: 14 }, (_, index) => `vm${index + 1}`);
  const room = openRoom({ seed: 4, vms: names.length, bug: null });
  const world = openWorld(room, 'sim seed 4');
  const story = async (): Promise<void> => {
    const [founder = '', ...others] = names;
    await world.init(founder);
    await world.eventually('the founder is ready', () => isReady(world, founder), SETTLE_MS);
    const token = await world.invite(founder, { uses: others.length });
    await Promise.all(others.map((name) => world.join(name, token)));
    for (const degree of [12, 6]) {
      const body = { degree };
      await ask(room, founder, { method: 'PUT', path: '/v1/links/degree', body });
      for (const name of names) await keeps(world, room, name, degree);
    }
    let far = '';
    const isSomebodyFar = async (): Promise<boolean> => {
      const { links } = await linksOf(room, founder);
      const near = new Set(links.filter(({ connected }) => connected).map(({ name }) => name));
      far = names.find((name) => name !== founder && !near.has(name)) ?? '';
      return far !== '';
    };
    await world.eventually('a connection that nobody needs ends', isSomebodyFar, SPARE_MS);
    assert.ok((await world.logs(founder, far)).length > 0);
    const now = (await linksOf(room, founder)).links.find(({ name }) => name === far);
    assert.equal(now?.connected, true, 'it was dialled for the question');
  };
  await underBan(() => room.scheduler.drive(story(), STORY_MS));
});

const linksOf = (room: Room, vm: string): Promise<LinksView> =>
  ask<LinksView>(room, vm, { path: '/v1/links' });

/** Waits until a member keeps so many connections at most, has all of them, and reaches all. */
async function keeps(world: World, room: Room, vm: string, degree: number): Promise<void> {
  const isKept = async (): Promise<boolean> => {
    const { links, ...rest } = await linksOf(room, vm);
    const near = links.filter(({ neighbour }) => neighbour);
    const { reachable, total } = await world.status(vm);
    const isWhole = reachable === room.machines.size && total === room.machines.size;
    const isRight = rest.degree === degree && near.length <= degree && near.length >= degree / 2;
    return isWhole && isRight && near.every(({ connected }) => connected);
  };
  await world.eventually(`${vm} keeps ${degree} connections`, isKept, SETTLE_MS);
}
