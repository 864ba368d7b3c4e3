/**
 * The Node that the binary is made of: npm's package of the pinned version, stripped.
 *
 * Stripping takes 20 MB away. It is done before the program goes in: after it, it breaks the file.
 * The copy lies where `@yao-pkg/pkg` looks for downloads of its own, so it downloads nothing.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ToolName } from './packages.table.ts';
import { ensureTools } from './packages.ts';
import { run, scriptFailure } from './steps.ts';

/** An architecture by Node's name for it. */
export type Arch = 'x64' | 'arm64';

/** The home folder that pkg is given: its cache is ours. */
export const PKG_HOME = resolve('build/pkg');

/** The architecture of this machine. Fails on one that no binary is made for. */
export const machineArch = (): Arch => {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw scriptFailure(`${process.arch}: no binary is made for it; build on x64 or arm64`);
};

const stripper = (arch: Arch): ToolName => {
  if (arch === process.arch) return 'strip';
  return arch === 'x64' ? 'x86_64-linux-gnu-strip' : 'aarch64-linux-gnu-strip';
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

/** npm's package of the pinned Node. Fails when it is not installed or another version. */
export const nodePackage = (arch: Arch): string => {
  const folder = `node_modules/node-linux-${arch}`;
  if (!existsSync(join(folder, 'bin/node'))) {
    throw scriptFailure(`${folder} is missing; run: npm ci --include=optional`);
  }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  if (version !== pinnedNode()) {
    throw scriptFailure(`${folder} is ${version}, not ${pinnedNode()}; run: npm ci`);
  }
  return folder;
};

/** Makes the stripped copy where there is none yet, and gives its path. */
export const strippedNode = async (arch: Arch): Promise<string> => {
  const name = `node-v${pinnedNode()}-linux-${arch}`;
  const cache = join(PKG_HOME, '.pkg-cache/sea');
  const node = join(cache, name, 'bin/node');
  const source = join(nodePackage(arch), 'bin/node');
  if (existsSync(`${node}.ok`)) return node;
  await ensureTools([stripper(arch)]);
  mkdirSync(dirname(node), { recursive: true });
  const unfinished = `${node}.${process.pid}`;
  copyFileSync(source, unfinished);
  await run(stripper(arch), [unfinished]);
  renameSync(unfinished, node);
  for (const mark of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${name}/bin/node.ok`]) {
    writeFileSync(join(cache, mark), '');
  }
  return node;
};
