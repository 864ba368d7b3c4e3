/**
 * Edge: Debian system — a small Debian with systemd and all modules of its kernel, in a folder.
 *
 * mmdebstrap makes it from Debian's packages, verified by apt's signatures and configured as on any
 * Debian. What is there is used again; delete build/kernel/ for a newer one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { openArchive } from '../../scripts/debian.ts';
import { run, step } from '../../scripts/steps.ts';
import type { DebianKernel } from '../debian-kernel.ts';
import { addModules } from '../tree.ts';

/** What only people read; the disk is copied for each run. */
const LEFT_OUT = ['doc', 'info', 'locale', 'man'].map((name) => `/usr/share/${name}/*`);
/** The release of the kernel. */
const SUITE = 'bookworm';
const FOLDER = 'build/kernel';
/** What a VM of a cloud has, and no more: what is not there need not be started. */
const PACKAGES = [
  ...['systemd-sysv', 'kmod', 'iproute2', 'wireguard-tools', 'nftables', 'iputils-ping'],
  'libstdc++6',
];

/** All that a network may ask for: not only what the binary asks for today. */
const networkModules = ({ root, release }: DebianKernel): readonly string[] => {
  const dep = readFileSync(join(root, 'lib/modules', release, 'modules.dep'), 'utf8');
  const files = dep.match(/^kernel\/net\/[^:]+(?=:)/gm) ?? [];
  return [...files.map((file) => basename(file, '.ko')), 'wireguard', 'tun', 'virtio_net'];
};

const makeIt = async (kernel: DebianKernel, folder: string): Promise<void> => {
  const archive = await openArchive(SUITE);
  const half = resolve(FOLDER, 'half-system');
  rmSync(half, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const without = LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`);
  const options = [
    ...without,
    '--dpkgopt=force-unsafe-io',
    ...['--mode=root', '--variant=essential', `--include=${PACKAGES.join(',')}`],
    ...['--aptopt=APT::Install-Recommends "false"', `--keyring=${archive.keyring}`],
  ];
  await run('mmdebstrap', [...options, archive.suite, half, archive.mirror]);
  await addModules(join(half, 'usr'), kernel, networkModules(kernel));
  await run('sync', ['-f', half]); // Else the members' writes would wait for these.
  renameSync(half, folder); // A folder of that name is whole.
};

/** Makes sure that it is there, for this kernel; gives its folder. */
export const ensureSystem = async (kernel: DebianKernel): Promise<string> => {
  const folder = resolve(FOLDER, `system-${kernel.release}`);
  if (!existsSync(folder)) await step(`system of Debian ${SUITE}`, () => makeIt(kernel, folder));
  return folder;
};
