/**
 * Edge: tree — the folder of files that a machine's disk is made of.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, scriptFailure } from '../scripts/steps.ts';
import type { DebianKernel } from './debian-kernel.ts';
import { moduleFiles } from './modules.ts';

/** Copies a file to its path in the tree. */
export const copyTo = (root: string, file: string, path: string): void => {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
};

/** Puts modules where the kernel's own loader looks, with what they need. */
export const addModules = async (
  root: string,
  kernel: DebianKernel,
  names: readonly string[],
): Promise<void> => {
  const folder = join('lib/modules', kernel.release);
  const dep = readFileSync(join(kernel.root, folder, 'modules.dep'), 'utf8');
  const { files, missing } = moduleFiles(dep, names);
  if (missing.length > 0) throw scriptFailure(`modules not in the kernel: ${missing.join(' ')}`);
  const lists = ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'];
  for (const file of [...files, ...lists]) {
    copyTo(root, join(kernel.root, folder, file), join(folder, file));
  }
  await run('/sbin/depmod', ['-b', root, kernel.release]);
};

/** Makes an initramfs of the tree. Not compressed: that would take the machine longer. */
export const packInitramfs = async (root: string, archive: string): Promise<void> => {
  const pack = 'find . | cpio --create --format=newc --owner=0:0 --quiet --file="$1"';
  await run('/bin/sh', ['-e', '-c', pack, 'sh', archive], { cwd: root });
};
