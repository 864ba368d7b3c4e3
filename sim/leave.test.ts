import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import { eraseState } from '../src/node/leave.ts';
import { underBan } from './ban.ts';
import { addDevice, type Device, deleteDevice } from './kernel.ts';
import { type Machine, runCommandLine } from './machine.ts';
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
