/**
 * npm's package of the pinned Node, for each architecture that a binary is made for.
 *
 * npm installs the one that fits the machine, and only that. The other one is fetched by `npm pack`
 * to build/node/, and unpacked only when it has the hash that package-lock.json pins.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readLock, sha512Of } from './lock.ts';
import { run, scriptFailure, step } from './steps.ts';

/** An architecture by Node's name for it. */
export type Arch = 'x64' | 'arm64';

/** All architectures that a binary is made for. */
export const ARCHES: readonly Arch[] = ['arm64', 'x64'];

const FETCHED = 'build/node';

/** The architecture of this machine. Fails on one that no binary is made for. */
export const machineArch = (): Arch => {
  const arch = ARCHES.find((each) => each === process.arch);
  if (arch !== undefined) return arch;
  throw scriptFailure(`${process.arch}: no binary is made for it; build on x64 or arm64`);
};

/** The version of Node that the project pins, as `24.21.0`. */
export const pinnedNode = (): string => {
  const project = JSON.parse(readFileSync('package.json', 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const versions = new Set(Object.values(project.optionalDependencies));
  const [version] = versions;
  if (version === undefined || versions.size > 1) {
    throw scriptFailure(
      'package.json: optionalDependencies must pin one Node for all architectures',
    );
  }
  return version;
};

const isWhole = (folder: string): boolean => {
  if (!existsSync(join(folder, 'bin/node'))) return false;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version === pinnedNode();
};

/** Fails unless a file has the hash that the lock pins for a package. */
export const checkArchive = (file: string, name: string, pinned: string | null): void => {
  const hash = createHash('sha512').update(readFileSync(file)).digest('hex');
  if (hash === pinned) return;
  const wanted = pinned === null ? 'none is pinned' : `package-lock.json pins ${pinned}`;
  throw scriptFailure(`${name}: fetched an archive with sha512 ${hash}, but ${wanted}`);
};

const fetchPackage = async (name: string, folder: string): Promise<void> => {
  const half = `${folder}.${process.pid}`;
  mkdirSync(join(half, 'package'), { recursive: true });
  try {
    const wanted = `${name}@${pinnedNode()}`;
    await run('npm', ['pack', wanted, '--ignore-scripts', '--silent', '--pack-destination', half]);
    const archive = join(half, `${name}-${pinnedNode()}.tgz`);
    const locked = readLock()[`node_modules/${name}`];
    checkArchive(archive, wanted, locked === undefined ? null : sha512Of(locked));
    // npm's archives have one folder at the top, of no fixed name.
    await run('tar', ['-xzf', archive, '--strip-components=1', '-C', join(half, 'package')]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(half, 'package'), folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
};

/** The folder of the pinned Node's package for an architecture; fetched when npm did not. */
export const ensureNodePackage = async (arch: Arch): Promise<string> => {
  const name = `node-linux-${arch}`;
  const folders = [join('node_modules', name), join(FETCHED, name)];
  const found = folders.find(isWhole);
  if (found !== undefined) return found;
  if (arch === process.arch) {
    throw scriptFailure(`node_modules/${name} is not ${pinnedNode()}; run: npm ci`);
  }
  const folder = join(FETCHED, name);
  await step(`${name} ${pinnedNode()} from npm`, () => fetchPackage(name, folder));
  return folder;
};
