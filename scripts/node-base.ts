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
import { type Arch, ensureNodePackage, pinnedNode } from './node-package.ts';
import type { ToolName } from './packages.table.ts';
import { ensureTools } from './packages.ts';
import { run } from './steps.ts';

/** The home folder that pkg is given: its cache is ours. */
export const PKG_HOME = resolve('build/pkg');

const stripper = (arch: Arch): ToolName => {
  if (arch === process.arch) return 'strip';
  return arch === 'x64' ? 'x86_64-linux-gnu-strip' : 'aarch64-linux-gnu-strip';
};

/** The program that stripped it, as it names itself: it decides what the copy is to the byte. */
export const stripperVersion = async (arch: Arch): Promise<string> => {
  await ensureTools([stripper(arch)]);
  return (await run(stripper(arch), ['--version'])).split('\n')[0] ?? '';
};

/** Makes the stripped copy where there is none by this machine's strip, and gives its path. */
export const strippedNode = async (arch: Arch): Promise<string> => {
  const name = `node-v${pinnedNode()}-linux-${arch}`;
  const cache = join(PKG_HOME, '.pkg-cache/sea');
  const node = join(cache, name, 'bin/node');
  const source = join(await ensureNodePackage(arch), 'bin/node');
  const version = await stripperVersion(arch);
  if (existsSync(`${node}.ok`) && readFileSync(`${node}.ok`, 'utf8') === version) return node;
  mkdirSync(dirname(node), { recursive: true });
  const unfinished = `${node}.${process.pid}`;
  copyFileSync(source, unfinished);
  await run(stripper(arch), [unfinished]);
  renameSync(unfinished, node);
  for (const mark of [`${name}.tar.gz`, `${name}.tar.gz.ok`]) writeFileSync(join(cache, mark), '');
  writeFileSync(`${node}.ok`, version);
  return node;
};
