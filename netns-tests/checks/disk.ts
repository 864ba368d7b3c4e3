/** Edge: disk — a real file system that is full or read-only stops what must be written only. */
import { type DiskWorld, diskTrouble } from '../../scenarios/disk-trouble.ts';
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
 * Goal: the scenario on real file systems. Method: the state of vm2 on a small tmpfs; filled up, or
 * under a mount that is read-only.
 */
export const diskTroubleHere =
  (how: 'full' | 'read-only') =>
  async (world: RealWorld): Promise<void> => {
    const shell = (script: string): Promise<string> => world.vm('vm2').must(['sh', '-c', script]);
    await shell(`mkdir -m 0700 ${STATE} && mount -t tmpfs -o ${SIZE} tmpfs ${STATE}`);
    const setDisk: DiskWorld['setDisk'] = (vm, state) =>
      world.timeline.act(`${vm}: disk ${state}`, async () => void (await shell(SETTERS[state])));
    await diskTrouble(how)({ ...world, setDisk });
  };
