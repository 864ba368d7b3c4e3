import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found } from '../scenarios/mesh.ts';
import { underBan } from './ban.ts';
import { bootMachine, call, cutPower, type Machine } from './machine.ts';
import { openRoom } from './room.ts';
import { machineOf, openWorld } from './world.ts';

const OTHERS = ['vm1', 'vm3'];
/** Longest until both with one key have noticed. Unit: virtual ms. Issue 4. */
const NOTICE_MS = 30_000;
/** Longest until the tunnels lead here. Unit: virtual ms. Before WireGuard tries anything anew. */
const TUNNEL_MS = 2_000;

/** A VM whose disk is a copy, taken while the other runs. */
function copyDisk(from: Machine, to: Machine): void {
  for (const [name, file] of from.platter.files) {
    const { durable, changes } = file;
    if (durable === null) continue;
    const kept = { durable, cached: durable, replacedLength: null, changes, synced: changes };
    to.platter.files.set(name, kept);
  }
}

test('recovery: the tunnels of others lead to who recovers, without waiting', async () => {
  // Goal: what others have with a copy ends with the recovery, not when its session is over.
  // Method: vm4 runs with the disk of vm2 until the tunnels lead there, and loses its power; who
  // answers at the address of vm2, before vm2 recovers and after.
  const room = openRoom({ seed: 11, vms: 4, bug: null });
  const world = openWorld(room, 'sim seed 11');
  const [vm2, vm4] = [machineOf(room, 'vm2'), machineOf(room, 'vm4')];
  const story = async (): Promise<void> => {
    await found(world, ['vm1', 'vm2', 'vm3']);
    const address = (await world.status('vm2')).self.addresses[0] ?? '';
    const areAnsweredBy = async (machine: Machine | null): Promise<boolean> =>
      OTHERS.every((name) => {
        const answerer = room.tunnels.answerer(machineOf(room, name).kernel, address);
        return answerer === (machine?.kernel ?? null);
      });
    assert.ok(await areAnsweredBy(vm2));
    for (const { name } of [vm2, vm4]) room.tolerated.add(`key-used-elsewhere ${name}`);
    copyDisk(vm2, vm4);
    await bootMachine(room, vm4);
    const isTold = async (): Promise<boolean> => vm2.node?.replica.isElsewhere() === true;
    await world.eventually('vm2 has noticed', isTold, NOTICE_MS);
    const isTaken = (): Promise<boolean> => areAnsweredBy(vm4);
    await world.eventually('the tunnels lead to the copy', isTaken, NOTICE_MS);
    cutPower(vm4);
    assert.ok(await areAnsweredBy(null));
    await call(room, vm2, { method: 'POST', path: '/v1/recover', body: { alone: false } });
    const isBack = (): Promise<boolean> => areAnsweredBy(vm2);
    await world.eventually('the tunnels lead to vm2', isBack, TUNNEL_MS);
  };
  await underBan(() => room.scheduler.drive(story(), 600_000));
});
