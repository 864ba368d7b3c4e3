/**
 * Runs programs of the architecture that this machine does not have: Debian's qemu-user-static, and
 * Debian's C and C++ libraries of that architecture, unpacked to build/emulator/ARCH. Nothing of it
 * is installed, so the machine does not learn to run such programs by itself.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEBIAN_ARCH } from '../scripts/binary.ts';
import { downloadPackage, downloadPackages, openArchive } from '../scripts/debian.ts';
import { type Arch, machineArch } from '../scripts/node-package.ts';
import { run, step } from '../scripts/steps.ts';

/** Debian 12: its qemu runs Node, and its glibc is not newer than that of the VMs to come. */
const SUITE = 'bookworm';
/** What Node links to. */
const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1'];
const QEMU: Readonly<Record<Arch, string>> = {
  arm64: 'qemu-aarch64-static',
  x64: 'qemu-x86_64-static',
};

/** The architecture that this machine does not have. */
export const FOREIGN_ARCH: Arch = machineArch() === 'x64' ? 'arm64' : 'x64';

const unpack = async (folder: string): Promise<void> => {
  const archive = await openArchive(SUITE);
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  const own = DEBIAN_ARCH[machineArch()];
  const qemu = await downloadPackage(join(half, 'apt'), own, archive, 'qemu-user-static');
  await run('dpkg', ['-x', qemu, join(half, 'all')]);
  renameSync(join(half, 'all/usr/bin', QEMU[FOREIGN_ARCH]), join(half, 'qemu'));
  rmSync(join(half, 'all'), { recursive: true }); // The emulators of 30 other architectures.
  const apt = join(half, 'apt');
  const libraries = await downloadPackages(apt, DEBIAN_ARCH[FOREIGN_ARCH], archive, LIBRARIES);
  for (const file of libraries) await run('dpkg', ['-x', file, join(half, 'root')]);
  rmSync(apt, { recursive: true });
  renameSync(half, folder); // A folder of that name is whole.
};

/** The words before the path of a program of the foreign architecture that make it run. */
export const ensureEmulator = async (): Promise<readonly string[]> => {
  const folder = resolve(join('build/emulator', FOREIGN_ARCH));
  mkdirSync('build/emulator', { recursive: true });
  if (!existsSync(folder)) {
    await step(`emulator of ${FOREIGN_ARCH} of Debian ${SUITE}`, () => unpack(folder));
  }
  return [join(folder, 'qemu'), '-L', join(folder, 'root')];
};
