/**
 * Edge: disk — what the machine with systemd boots: a disk with Debian and the binary, and an
 * initial ramdisk that knows just enough to find it.
 *
 * The disk is made anew for each run, without mounting it anywhere, and kept over the machine's
 * reboots.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildUpgrade } from '../../scripts/build-binary.ts';
import { TOOLS } from '../../scripts/packages.table.ts';
import { run } from '../../scripts/steps.ts';
import type { DebianKernel } from '../debian-kernel.ts';
import { addModules, copyTo, packInitramfs } from '../tree.ts';

const FOLDER = 'build/kernel';
const GUEST = join(import.meta.dirname, '../guest/system');
/** Sparse; what is in it takes 500 MB. */
const DISK_SIZE = '1500M';
/** What the kernel needs to see and to read the disk, to be reached, and to have a network. */
const BOOT_MODULES = ['virtio_pci', 'virtio_blk'];
const LATER_MODULES = ['virtio_net', 'virtio_console'];
/** What would only take time: logins, and upkeep of a disk that lives for minutes. */
const MASKED = [
  ...['getty.target', 'systemd-logind.service', 'systemd-pstore.service'],
  ...['fstrim.timer', 'dpkg-db-backup.timer', 'systemd-tmpfiles-clean.timer'],
];
const UNITS = { 'agent.service': 'sysinit.target', 'uplink.service': 'multi-user.target' };

/** The network that the machine finds. */
export interface Uplink {
  /** With its prefix length. */
  readonly address: string;
  readonly gateway: string;
}

/** The files to boot from. */
export interface SystemDisk {
  readonly disk: string;
  readonly initramfs: string;
}

const linkTo = (target: string, path: string): void => {
  rmSync(path, { force: true });
  symlinkSync(target, path);
};

const addUnits = (root: string, { address, gateway }: Uplink): void => {
  const etc = join(root, 'etc/systemd/system');
  for (const [unit, target] of Object.entries(UNITS)) {
    const text = readFileSync(join(GUEST, unit), 'utf8');
    const filled = text.replace('ADDRESS', address).replace('GATEWAY', gateway);
    writeFileSync(join(etc, unit), filled);
    mkdirSync(join(etc, `${target}.wants`), { recursive: true });
    linkTo(`../${unit}`, join(etc, `${target}.wants`, unit));
  }
  for (const unit of MASKED) linkTo('/dev/null', join(etc, unit));
};

const addPrograms = async (root: string, binary: string): Promise<void> => {
  const commit = /\((\w+)/.exec(await run(resolve(binary), ['--version']))?.[1] ?? '';
  copyTo(root, binary, 'usr/local/bin/cnsmo');
  const next = join(root, 'usr/local/lib/cnsmo-next');
  await buildUpgrade('0'.repeat(commit.length), next);
  copyTo(root, join(GUEST, 'agent.sh'), 'usr/local/lib/agent.sh');
  for (const file of [next, join(root, 'usr/local/lib/agent.sh')]) chmodSync(file, 0o755);
};

/** Debian leaves these to the first boot; a boot like any other is quicker. */
const addIdentity = (root: string): void => {
  writeFileSync(join(root, 'etc/machine-id'), `${'c5'.repeat(16)}\n`);
  writeFileSync(join(root, 'etc/hostname'), 'vm2\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost vm2\n');
  writeFileSync(join(root, 'etc/modules-load.d/uplink.conf'), 'virtio_net\n');
};

const makeInitramfs = async (kernel: DebianKernel): Promise<string> => {
  const root = resolve(FOLDER, 'loader');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['proc', 'dev', 'disk']) mkdirSync(join(root, folder), { recursive: true });
  copyTo(root, TOOLS.busybox.file, 'bin/busybox');
  copyTo(root, join(GUEST, 'init'), 'init');
  chmodSync(join(root, 'init'), 0o755);
  await addModules(root, kernel, [...BOOT_MODULES, ...LATER_MODULES]);
  const names = [...BOOT_MODULES, ...LATER_MODULES].join(' ');
  writeFileSync(join(root, 'load'), `/bin/busybox modprobe -a ${names}\n`);
  const archive = resolve(FOLDER, 'loader.cpio');
  await packInitramfs(root, archive);
  return archive;
};

/** Makes disk and ramdisk. `system`: the folder with Debian, to which ours is added. */
export const makeDisk = async (
  kernel: DebianKernel,
  system: string,
  binary: string,
  uplink: Uplink,
): Promise<SystemDisk> => {
  addUnits(system, uplink);
  addIdentity(system);
  await addPrograms(system, binary);
  const disk = resolve(FOLDER, 'system.img');
  rmSync(disk, { force: true });
  const options = ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=1,root_owner=0:0', '-d', system];
  await run('/sbin/mke2fs', [...options, disk, DISK_SIZE]);
  return { disk, initramfs: await makeInitramfs(kernel) };
};
