/** Edge: disk — a real file system that is full or read-only stops what must be written only. */
import { type DiskWorld, diskTrouble } from '../../scenarios/disk-trouble.ts';
import { isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { cnsmo, obey } from '../command-line.ts';
import { expectSame, networkState } from '../host-state.ts';
import type { RealWorld } from '../world.ts';

const STATE = '/var/lib/cnsmo';
/** Room for a state, its logs and the engine that the binary writes out. */
const SIZE = 'size=24m,mode=0700';

/** How a disk is put into a state; whatever it was before. */
const SETTERS = {
  full: `umask 077; cat /dev/zero > ${STATE}/ballast 2> /dev/null; true`,
  // A mount of its own on top: the file system below has files open for writing.
  'read-only': `mount --bind ${STATE} ${STATE} && mount -o remount,bind,ro ${STATE}`,
  good: `grep -q "${STATE} .*\\bro\\b" /proc/mounts && umount ${STATE}; rm -f ${STATE}/ballast`,
} as const;

/**
 * Goal: the scenario on real file systems, and a VM can leave. Method: the state
 * of vm2 on a small tmpfs; filled up, or under a mount that is read-only; `leave` at the end.
 */
export const diskTroubleHere =
  (how: 'full' | 'read-only') =>
  async (world: RealWorld): Promise<void> => {
    const shell = (script: string): Promise<string> => world.vm('vm2').must(['sh', '-c', script]);
    const before = await networkState(world.vm('vm2'));
    await shell(`mkdir -m 0700 ${STATE} && mount -t tmpfs -o ${SIZE} tmpfs ${STATE}`);
    const setDisk: DiskWorld['setDisk'] = (vm, state) =>
      world.timeline.act(`${vm}: disk ${state}`, async () => void (await shell(SETTERS[state])));
    await diskTrouble(how)({ ...world, setDisk });
    await setDisk('vm2', how);
    await leavesAnyhow(world, how);
    expectSame('the network of vm2', before, await networkState(world.vm('vm2')));
    const left = await shell(`ls -A ${STATE}`);
    expect(`no file is left, not ${left}`, left === '');
  };

/**
 * A full disk may have room for the one word, or not: without telling it can be left anyhow.
 * From one that is read-only no key can be deleted, so it is refused until it is well.
 */
async function leavesAnyhow(world: RealWorld, how: 'full' | 'read-only'): Promise<void> {
  const vm2 = world.vm('vm2');
  const { status, stderr } = await cnsmo(vm2, ['leave', '--yes']);
  if (status === 0 && how === 'full') return;
  expect(`the refusal names the disk: ${stderr}`, status === 3 && stderr.startsWith('disk: '));
  await world.eventually('vm2 is a member still', () => isReady(world, 'vm2'), SETTLE_MS);
  if (how === 'read-only') {
    await vm2.must(['sh', '-c', SETTERS.good]);
    await world.leave('vm2');
    return;
  }
  await obey(vm2, ['stop']);
  await obey(vm2, ['leave', '--local', '--yes']);
}
