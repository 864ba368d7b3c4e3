import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, found, isReady, SETTLE_MS, stateOf, together } from '../scenarios/mesh.ts';
import { readSettings } from '../src/node/rules/settings.ts';
import { SERVICE_NAMES } from '../src/services/registry.ts';
import { underBan } from './ban.ts';
import { runCommandLine, startDaemon } from './machine.ts';
import { openRoom, type Room } from './room.ts';
import { machineOf, openWorld, pauseRun } from './world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;

/** A VM joins, and who let it in loses its power before it has told anything. */
async function joinThenLose(room: Room, vm: string, token: string, entry: string): Promise<void> {
  const machine = machineOf(room, vm);
  const watch = { onStep: () => undefined, timeoutMs: null };
  await runCommandLine(room, machine, (ports) =>
    machine.edition.prepareJoin(ports, token, readSettings({}, vm, SERVICE_NAMES), watch),
  );
  await openWorld(room, vm).powerCut(entry);
  await startDaemon(room, machine);
}

for (const isLost of [false, true]) {
  const end = isLost ? 'evicted and lost' : 'evicted';
  test(`unseen: who was let in by a member that is ${end} is told, and may join anew`, async () => {
    // Goal: nobody waits for ever for a mesh that knows nothing of it. Method: on the far side of a
    // cut a VM joins through a member that is evicted on the near side; then the cut is over. Both
    // say that they are out, though one still talks to the other; or the one is off, and the other
    // never read the state. Twin: vm2, which stays.
    const room = openRoom({ seed: 1, vms: 4, bug: null });
    const world = openWorld(room, 'unseen');
    const knows = async (vm: string): Promise<boolean> => {
      const { alarms } = await world.status(vm);
      return alarms.some((line) => /evicted.*cnsmo leave --local.*new token/.test(line));
    };
    const story = async (): Promise<void> => {
      await found(world, ['vm1', 'vm2', 'vm3']);
      const token = await world.invite('vm1');
      await together(world, ['vm1', 'vm2', 'vm3']);
      await world.cut('east', 'west');
      await apart(world, ['vm1', 'vm2'], ['vm3']);
      await world.evict('vm1', 'vm3');
      if (isLost) await joinThenLose(room, 'vm4', token, 'vm3');
      else await world.join('vm4', token);
      if (!isLost) await together(world, ['vm3', 'vm4']);
      await world.heal();
      for (const vm of isLost ? ['vm4'] : ['vm3', 'vm4']) {
        await world.eventually(`${vm} knows that it is out`, () => knows(vm), SETTLE_MS);
      }
      assert.equal(await stateOf(world, 'vm1', 'vm4'), null);
      assert.equal(await knows('vm2'), false);
      await world.leave('vm4');
      await world.join('vm4', token);
      await world.eventually('vm4 is in', () => isReady(world, 'vm4'), SETTLE_MS);
      await together(world, ['vm1', 'vm2', 'vm4']);
      await pauseRun(room, SETTLE_MS);
      for (const vm of ['vm1', 'vm2', 'vm4']) assert.equal(await knows(vm), false);
    };
    await underBan(() => room.scheduler.drive(story(), STORY_MS));
  });
}
