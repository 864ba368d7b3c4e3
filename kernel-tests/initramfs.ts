/**
 * Edge: initramfs — the whole disk of the machine under test: the binary, the tools that a VM has,
 * the modules it needs, the scripts of `guest/`, and nothing else. No Node.
 *
 * 1. Tools and libraries lie where they lie on this machine, so the binary finds them as on a VM.
 * 2. Modules lie where the kernel's own loader looks, so that the first to ask for WireGuard gets
 *    it as on a VM, without a word from the test.
 */
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TOOLS } from '../scripts/packages.table.ts';
import { run, scriptFailure } from '../scripts/steps.ts';
import type { DebianKernel } from './debian-kernel.ts';
import { librariesIn } from './libraries.ts';
import { addModules, copyTo, packInitramfs } from './tree.ts';

const FOLDER = 'build/kernel';
const GUEST = join(import.meta.dirname, 'guest');
/** Programs of this machine that go in. `modprobe` is what the kernel calls for a module. */
const PROGRAMS = ['ip', 'wg', 'nft', 'ping', 'unshare', 'nsenter', 'modprobe', 'dash'];
/** Those of busybox. Not its `ip` and `ping`: they would stand before the real ones. */
const APPLETS = [
  ...['cat', 'cut', 'date', 'diff', 'dmesg', 'find', 'grep', 'hostname', 'kill', 'ln', 'ls'],
  ...['mkdir', 'mknod', 'mount', 'mv', 'poweroff', 'ps', 'rmmod', 'sed', 'sleep', 'tail', 'tr'],
  'uname',
];
/** What the binary asks of the kernel, cables between VMs, and what its own engine needs. */
const MODULES = ['wireguard', 'veth', 'tun', 'nf_tables'];
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const findProgram = async (name: string): Promise<string> => {
  const env = { PATH: SEARCH_PATH };
  return (await run('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { env })).trim();
};

const addLibraries = async (root: string, programs: readonly string[]): Promise<void> => {
  const { files, missing } = librariesIn(await run('ldd', programs));
  if (missing.length > 0) throw scriptFailure(`libraries not found: ${missing.join(' ')}`);
  for (const file of new Set(files)) copyTo(root, file, file);
};

const addPrograms = async (root: string, binary: string): Promise<void> => {
  const programs = await Promise.all(PROGRAMS.map(findProgram));
  for (const file of programs) copyTo(root, file, file);
  copyTo(root, binary, 'usr/local/bin/cnsmo');
  await addLibraries(root, [...programs, resolve(binary)]);
  // The kernel calls it by this name, wherever this machine has it.
  copyTo(root, await findProgram('modprobe'), 'sbin/modprobe');
};

const addBusybox = async (root: string): Promise<void> => {
  const busybox = TOOLS.busybox.file;
  const known = new Set((await run(busybox, ['--list'])).split('\n'));
  const missing = APPLETS.filter((applet) => !known.has(applet));
  if (missing.length > 0) throw scriptFailure(`${busybox}: has no ${missing.join(' ')}`);
  copyTo(root, busybox, 'bin/busybox');
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
};

const addScripts = (root: string): void => {
  for (const name of ['init', 'checks.sh', 'vms.sh']) {
    copyTo(root, join(GUEST, name), name === 'init' ? name : join('guest', name));
  }
  chmodSync(join(root, 'init'), 0o755);
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc', 'var/lib']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  symlinkSync('/run', join(root, 'var/run')); // As everywhere; wireguard-go's sockets are there.
};

/** Makes it, and gives its path. */
export const makeInitramfs = async (kernel: DebianKernel, binary: string): Promise<string> => {
  const root = resolve(FOLDER, 'root');
  const archive = resolve(FOLDER, 'initramfs.cpio');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  addScripts(root);
  await addPrograms(root, binary);
  await addBusybox(root);
  await addModules(root, kernel, MODULES);
  await packInitramfs(root, archive);
  return archive;
};
