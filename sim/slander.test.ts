import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed } from '../scenarios/core.ts';
import { found, stateOf, talk, together } from '../scenarios/mesh.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { meetAll } from './acts-intruder.ts';
import { underBan } from './ban.ts';
import { openImpostor } from './impostor.ts';
import { openRoom } from './room.ts';
import { openSlander } from './slander.ts';
import { ask, machineOf, openWorld, pauseRun } from './world.ts';

const HONEST = ['vm1', 'vm2', 'vm3'];
/** Lies, and the time between two. Unit: virtual ms. */
const LIES = 400;
const PAUSE_MS = 150;

test('a member that lies about who is alive and who has the role harms nobody', async () => {
  // Goal: forged, replayed and reordered messages move nothing. Method: the key of vm4 in the hands
  // of a liar, in the weather of four seeds; the honest see each other alive all the while, and
  // agree on a core; the liar is heard, for it is not dead to them though its daemon is not there.
  for (const seed of [1, 2, 3, 4]) {
    const room = openRoom({ seed, vms: 4, bug: null });
    const world = openWorld(room, `sim seed ${seed}`);
    const story = async (): Promise<void> => {
      await found(world, [...HONEST, 'vm4']);
      // One that has the role and says nothing is another matter.
      await ask(room, 'vm4', { method: 'PUT', path: '/v1/consent', body: { eligible: false } });
      await agreed(world, HONEST, ['vm4']);
      const machine = machineOf(room, 'vm4');
      machine.daemon?.end('crash');
      const { node, life } = await openImpostor(room, machine);
      const { members } = await world.status('vm1');
      const ids = members.filter(({ name }) => name !== 'vm4').map(({ id }) => id as MemberId);
      const lie = openSlander(node, room.dice.fork('slander'), () => ids);
      for (let count = 0; count < LIES; count += 1) {
        meetAll(room, node);
        lie();
        await pauseRun(room, PAUSE_MS);
        for (const on of HONEST) {
          for (const of of HONEST) assert.notEqual(await stateOf(world, on, of), 'dead');
        }
      }
      await agreed(world, HONEST, ['vm4']);
      assert.notEqual(await stateOf(world, 'vm1', 'vm4'), 'dead');
      await talk(world, HONEST);
      life.end('exit');
      await world.boot('vm4');
      await together(world, [...HONEST, 'vm4']);
    };
    await underBan(() => room.scheduler.drive(story(), 1_800_000));
  }
});
