import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, isReady, stateOf } from '../scenarios/mesh.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { meetAll } from './acts-intruder.ts';
import { underBan } from './ban.ts';
import { openImpostor } from './impostor.ts';
import { openRoom } from './room.ts';
import { openSlander } from './slander.ts';
import { machineOf, openWorld } from './world.ts';

/** Longest wait, by what a peer may keep a member waiting. Unit: virtual ms. */
const READY_MS = 60_000;

test('a member that answers no exchange keeps no other from being ready', async () => {
  // Goal: a liar cannot hold back who starts, alone with it or among others; who did not answer is
  // named, who did is not. Method: the key of vm3 in the hands of one that lives and answers
  // nothing; vm1 starts anew, first beside vm2, then without it.
  const room = openRoom({ seed: 1, vms: 3, bug: null });
  const world = openWorld(room, 'sim silence');
  const story = async (): Promise<void> => {
    await found(world, ['vm1', 'vm2', 'vm3']);
    const liar = machineOf(room, 'vm3');
    liar.daemon?.end('crash');
    const { node } = await openImpostor(room, liar);
    const { members } = await world.status('vm1');
    const ids = members.filter(({ name }) => name !== 'vm3').map(({ id }) => id as MemberId);
    const lie = openSlander(node, room.dice.fork('slander'), () => ids);
    const isReadyBesideIt = async (): Promise<boolean> => {
      meetAll(room, node);
      lie();
      return (await stateOf(world, 'vm1', 'vm3')) === 'alive' && (await isReady(world, 'vm1'));
    };
    for (const others of [['vm2'], []]) {
      if (others.length === 0) machineOf(room, 'vm2').daemon?.end('crash');
      machineOf(room, 'vm1').daemon?.end('crash');
      await world.boot('vm1');
      await world.eventually('vm1 is ready', isReadyBesideIt, READY_MS);
      const { alarms } = await world.status('vm1');
      assert.match(alarms.join('\n'), /^vm3 is connected and does not tell what it knows[^\n]*$/);
    }
  };
  await underBan(() => room.scheduler.drive(story(), 600_000));
});
