import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import type { CoreReport } from '../src/node/rules/answers.ts';
import { underBan } from './ban.ts';
import { openRoom, type Room } from './room.ts';
import { ask, machineOf, openWorld, pauseRun } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/** Over seven turns of the core role. Unit: virtual ms. */
const GONE_MS = 75 * 60_000;

test('the core says once who is gone for long and who is back', async () => {
  // Goal: a proposal outlives its core and restarts, and a later core's goes before it. Method: vm3
  // is off through many turns; one core says so, both others show since when, also after a restart;
  // vm3 comes back, a core says so, and nobody shows it any more.
  const room = openRoom({ seed: 1, vms: 4, bug: null });
  const world = openWorld(room, 'sim seed 1');
  await underBan(() => room.scheduler.drive(goesAndComesBack(world, room), 4 * GONE_MS));
});

async function goesAndComesBack(world: World, room: Room): Promise<void> {
  await found(world, ALL);
  const { id } = (await world.status('vm3')).self;
  await world.powerCut('vm3');
  await pauseRun(room, GONE_MS);
  const since = await lineOf(room, 'vm1');
  assert.match(since ?? '', /^vm3 is dead since 2\d{3}-.*Z; /);
  const isSaid = async (): Promise<boolean> => (await lineOf(room, 'vm2')) === since;
  await world.eventually('both say the same', isSaid, SETTLE_MS);
  assert.equal(saidOf(room, id), 1, 'one frame in an hour, not one for each turn');
  await world.crash('vm2');
  await world.boot('vm2');
  await world.eventually('vm2 says the same after a restart', isSaid, SETTLE_MS);

  await world.boot('vm3');
  await together(world, ALL);
  const isOver = async (): Promise<boolean> => saidOf(room, id) > 1;
  await world.eventually('the core says that it is back', isOver, 900_000);
  for (const name of ALL) {
    const isSilent = async (): Promise<boolean> => (await lineOf(room, name)) === undefined;
    await world.eventually(`${name} knows it`, isSilent, SETTLE_MS);
  }
}

/** What `cnsmo core` says of dead members on a VM. */
async function lineOf(room: Room, vm: string): Promise<string | undefined> {
  const { duties } = await ask<CoreReport>(room, vm, { path: '/v1/core' });
  return duties.find(({ name }) => name === 'dead members')?.found[0];
}

/** How many said something of this member, or something new. */
const saidOf = (room: Room, id: string): number => {
  const view = machineOf(room, 'vm1').node?.replica.view();
  const said = (view?.proposals ?? []).filter(({ about }) => about === id);
  const back = said.filter(({ absentSinceMs }) => absentSinceMs === null).length;
  return said.length + back;
};
