import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed } from '../scenarios/core.ts';
import { isReady, SETTLE_MS } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { underBan } from './ban.ts';
import { openRoom } from './room.ts';
import { openWorld } from './world.ts';

const NAMES = Array.from({ length: 20 }, (_, index) => `vm${index + 1}`);
/** Virtual time that it may take. Unit: ms. */
const STORY_MS = 1_800_000;

test('twenty VMs that boot at the same moment are the mesh that they were', async () => {
  // Goal: no storm of dials and claims keeps them apart. Method: all join with one token, lose
  // power and have it again at once; everybody reaches all and names one core.
  const room = openRoom({ seed: 5, vms: NAMES.length, bug: null });
  const world = openWorld(room, 'sim seed 5');
  const story = async (): Promise<void> => {
    const [founder = '', ...others] = NAMES;
    await world.init(founder);
    await world.eventually('the founder is ready', () => isReady(world, founder), SETTLE_MS);
    const token = await world.invite(founder, { uses: others.length });
    await Promise.all(others.map((name) => world.join(name, token)));
    await whole(world);
    const before = await addresses(world);
    for (const name of NAMES) await world.powerCut(name);
    await Promise.all(NAMES.map((name) => world.boot(name)));
    await whole(world);
    await agreed(world, NAMES);
    assert.equal(await addresses(world), before);
  };
  await underBan(() => room.scheduler.drive(story(), STORY_MS));
});

/** Waits until everybody is ready and all can be reached, quick or slow. */
async function whole(world: World): Promise<void> {
  for (const name of NAMES) {
    const isWhole = async (): Promise<boolean> => {
      const { self, reachable, total } = await world.status(name);
      return self.ready && reachable === NAMES.length && total === NAMES.length;
    };
    await world.eventually(`${name} sees all`, isWhole, SETTLE_MS);
  }
}

const addresses = async (world: World): Promise<string> =>
  (await world.members('vm20')).map((row) => [row.id, ...row.addresses].join()).join(' ');
