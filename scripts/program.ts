/**
 * The program as the binary carries it: its source, and what V8 compiled of it, for
 * scripts/boot.cjs.
 *
 * Two lots are compiled: what a command runs on its way to a daemon, and all functions. A daemon
 * that compiles each function when it is first called spends a fifth of the CPU of a join on that
 * (D66).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { strippedNode } from './node-base.ts';
import { type Arch, machineArch } from './node-package.ts';
import { SEA_SETTINGS } from './pack.ts';
import { run, scriptFailure } from './steps.ts';

const COMPILER = resolve('scripts/compile.cjs');
/** The entry of the binary. */
export const BOOT = resolve('scripts/boot.cjs');
/** What decides beside the program and the settings what is in the binary. */
export const MAKERS: readonly string[] = [BOOT, COMPILER, resolve('scripts/program.ts')];

/** V8's hash seed is in what it compiles. Any number will do; it must stay the same. */
const COMPILER_FLAGS = ['--random-seed=42'];

/** What a function around it hands to a CommonJS file. */
const wrapped = (code: string): string =>
  `(function (exports, require, module, __filename, __dirname) { ${code}\n})`;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 19 } };

/** A file as an asset: compressed to the folder `work`; gives the asset's name and path. */
export const compressed = (work: string, name: string, file: string): readonly [string, string] => {
  const path = join(work, `${name}.zst`);
  writeFileSync(path, zstdCompressSync(readFileSync(file), LEVEL));
  return [`${name}.zst`, path];
};

/** The assets of a program for one architecture, by name, written to the folder `work`. */
export const programAssets = async (
  arch: Arch,
  code: string,
  work: string,
): Promise<Readonly<Record<string, string>>> => {
  // The entry reads it as Latin-1.
  if (Buffer.byteLength(code) !== code.length) throw scriptFailure('the bundle is not all ASCII');
  const program = join(work, 'program');
  writeFileSync(program, wrapped(code));
  const assets: (readonly [string, string])[] = [compressed(work, 'program', program)];
  // Code compiled for one architecture is refused on another.
  if (arch === machineArch()) {
    const node = await strippedNode(arch);
    // V8 takes only what was compiled by its own settings.
    const flags = [...COMPILER_FLAGS, ...SEA_SETTINGS.execArgv];
    for (const how of ['start', 'all']) {
      const output = join(work, `compiled-${how}`);
      await run(node, [...flags, COMPILER, program, output, how], { env: {} });
      assets.push(compressed(work, `compiled-${how}`, output));
    }
  }
  return Object.fromEntries(assets);
};
