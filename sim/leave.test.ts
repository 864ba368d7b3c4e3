import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import { Fault } from '../src/fault.ts';
import { eraseState } from '../src/node/leave.ts';
import type { Ports } from '../src/ports.ts';
import { underBan } from './ban.ts';
import { addDevice, type Device, deleteDevice } from './kernel.ts';
import { type Machine, runCommandLine, startDaemon } from './machine.ts';
import { openRoom } from './room.ts';
import { machineOf, openWorld } from './world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;

/** One in which both VMs have WireGuard in their kernels: of wireguard-go its process tells. */
const SEED = 5;

/** What somebody else put where our interface was, by what it is. */
const FOREIGN: Readonly<Record<string, (machine: Machine) => Device>> = {
  'a WireGuard interface of another key': ({ kernel }) => {
    const device = addDevice(kernel, 'cnsmo0', 'wireguard');
    device.publicKey = 'dGhlaXJz';
    return device;
  },
  'a tun device': ({ kernel }) => addDevice(kernel, 'cnsmo0', 'tun'),
};

const remains = ({ kernel }: Machine): readonly Device[] => [...kernel.devices.values()];

for (const [what, put] of Object.entries(FOREIGN)) {
  test(`a leave deletes our interface, but not ${what}`, async () => {
    // Goal: nothing that is not ours goes. Method: a VM leaves without a daemon; before, somebody
    // has deleted our interface and made another of its name. Its twin is a VM that nobody touched.
    const room = openRoom({ seed: SEED, vms: 3, bug: null });
    const world = openWorld(room, what);
    const [vm2, vm3] = [machineOf(room, 'vm2'), machineOf(room, 'vm3')];
    const left = await underBan(() =>
      room.scheduler.drive(
        (async () => {
          assert.ok(vm2.kernel.hasWireguard && vm3.kernel.hasWireguard);
          await found(world, ['vm1', 'vm2', 'vm3']);
          await together(world, ['vm1', 'vm2', 'vm3']);
          for (const vm of ['vm2', 'vm3']) await world.crash(vm);
          const ours = vm2.kernel.devices.get('cnsmo0');
          assert.ok(ours);
          deleteDevice(vm2.kernel, ours);
          const foreign = put(vm2);
          for (const vm of [vm2, vm3]) await runCommandLine(room, vm, (ports) => eraseState(ports));
          return { foreign, after: [remains(vm2), remains(vm3)] };
        })(),
        STORY_MS + SETTLE_MS,
      ),
    );
    assert.deepEqual(left.after, [[left.foreign], []]);
  });
}

test('a leave that a bad disk keeps from its end says why, and ends when it is well', async () => {
  // Goal: no failure of a disk goes uncaught. Method: a VM starts in the midst of its leave on a
  // disk that takes nothing, then on one that does; what nobody catches fails this test.
  const room = openRoom({ seed: SEED, vms: 2, bug: null });
  const world = openWorld(room, 'a leave on a bad disk');
  const vm2 = machineOf(room, 'vm2');
  const mark = (ports: Ports): Promise<void> => ports.disk.write('leaving', new Uint8Array());
  const failure = await underBan(() =>
    room.scheduler.drive(
      (async () => {
        await found(world, ['vm1', 'vm2']);
        await together(world, ['vm1', 'vm2']);
        await world.crash('vm2');
        await runCommandLine(room, vm2, mark);
        vm2.platter.trouble = 'failing';
        const refusal = await startDaemon(room, vm2).catch((error: unknown) => error);
        assert.ok(vm2.platter.files.get('leaving')?.cached);
        vm2.platter.trouble = null;
        await startDaemon(room, vm2);
        return refusal;
      })(),
      STORY_MS + SETTLE_MS,
    ),
  );
  assert.ok(failure instanceof Fault);
  assert.match(failure.message, /ledger.*input\/output error/);
  assert.deepEqual(
    [...vm2.platter.files].filter(([, { cached }]) => cached !== null),
    [],
  );
  assert.deepEqual(remains(vm2), []);
});
