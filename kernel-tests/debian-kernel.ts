/**
 * Edge: Debian kernel — the kernel that Debian's cloud images boot, unpacked to build/kernel/.
 *
 * It is downloaded from Debian by apt's own signatures and never installed: this machine's boot
 * does not change. What is there is used again; delete build/kernel/ for a newer one.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { downloadPackage, openArchive } from '../scripts/debian.ts';
import { run, scriptFailure, step } from '../scripts/steps.ts';

/** Debian 12: the release that the README names first. */
const SUITE = 'bookworm';
/** The package that depends on the newest kernel for clouds. */
const PACKAGE = 'linux-image-cloud-amd64';
const FOLDER = 'build/kernel';
const UNPACKED = join(FOLDER, 'debian');

/** An unpacked kernel. */
export interface DebianKernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** The file to boot. */
  readonly image: string;
  /** The folder that has its lib/modules/RELEASE, with modules.dep. */
  readonly root: string;
}

const unpacked = (): DebianKernel | null => {
  const boot = join(UNPACKED, 'boot');
  if (!existsSync(boot)) return null;
  const image = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) throw scriptFailure(`${boot}: holds no kernel; delete ${UNPACKED}`);
  return { release: image.slice('vmlinuz-'.length), image: join(boot, image), root: UNPACKED };
};

/** The name of the package of the kernel itself, from what the other one depends on. */
const kernelPackage = async (metaPackage: string): Promise<string> => {
  const depends = await run('dpkg-deb', ['--field', metaPackage, 'Depends']);
  const name = /linux-image-[\w.+-]+/.exec(depends)?.[0];
  if (name === undefined) throw scriptFailure(`${PACKAGE}: depends on no kernel: ${depends}`);
  return name;
};

const fetchIt = async (): Promise<DebianKernel> => {
  const archive = await openArchive(SUITE);
  const apt = join(FOLDER, 'apt');
  const name = await kernelPackage(await downloadPackage(apt, 'amd64', archive, PACKAGE));
  const file = await downloadPackage(apt, 'amd64', archive, name);
  const half = join(FOLDER, 'half');
  rmSync(half, { recursive: true, force: true });
  await run('dpkg', ['-x', file, half]);
  await run('/sbin/depmod', ['-b', half, name.slice('linux-image-'.length)]);
  renameSync(half, UNPACKED); // A folder of that name is whole.
  rmSync(apt, { recursive: true });
  const kernel = unpacked();
  if (kernel === null) throw scriptFailure(`${name}: has no boot folder`);
  return kernel;
};

/** Makes sure that the kernel is there. */
export const ensureKernel = async (): Promise<DebianKernel> =>
  unpacked() ??
  (await step(`kernel of Debian ${SUITE}`, fetchIt, ({ release }) => `linux ${release}`));
