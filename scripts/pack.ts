/**
 * Packs a bundle, a stripped Node and assets into one executable file, by @yao-pkg/pkg's SEA mode.
 *
 * The command line of pkg 6.23 passes no SEA settings on, so its inner function is called. Two of
 * the settings are for safety, as the daemon is root: Node's own environment variables and
 * OpenSSL's can load foreign code into any Node program, so both are switched off.
 */
import { renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { type Arch, machineArch, PKG_HOME, pinnedNode, strippedNode } from './node-base.ts';

interface SeaOptions {
  readonly targets: readonly {
    readonly nodeRange: string;
    readonly platform: 'linux';
    readonly arch: Arch;
    readonly output: string;
  }[];
  readonly seaConfig: Readonly<Record<string, unknown>>;
}
type PackSea = (entry: string, options: SeaOptions) => Promise<void>;

/** Settings of every binary. The small young generation saves 20 MB of memory at 50 connections. */
export const SEA_SETTINGS = {
  disableExperimentalSEAWarning: true,
  execArgv: ['--max-semi-space-size=1', '--openssl-config=/dev/null'],
  execArgvExtension: 'none',
} as const;

/** pkg tells its steps; ours are told already. */
const quietly = async (work: () => Promise<void>): Promise<void> => {
  const { log } = console;
  console.log = () => {};
  try {
    await work();
  } finally {
    console.log = log;
  }
};

/** Packs `entry` (a CommonJS file) with assets by name to `output`; gives the size in bytes. */
export const packBinary = async (
  entry: string,
  arch: Arch,
  assets: Readonly<Record<string, string>>,
  output: string,
): Promise<number> => {
  await strippedNode(arch);
  process.env.HOME = PKG_HOME;
  const require = createRequire(import.meta.url);
  const { default: packSea } = require('@yao-pkg/pkg/lib-es5/sea.js') as { default: PackSea };
  const unfinished = resolve(`${output}.${process.pid}`);
  const absolute = Object.entries(assets).map(([name, path]) => [name, resolve(path)]);
  await quietly(() =>
    packSea(resolve(entry), {
      targets: [{ nodeRange: `node${pinnedNode()}`, platform: 'linux', arch, output: unfinished }],
      seaConfig: {
        ...SEA_SETTINGS,
        // Code compiled for one architecture is refused, with a warning, on another.
        useCodeCache: arch === machineArch(),
        assets: Object.fromEntries(absolute),
      },
    }),
  );
  renameSync(unfinished, output);
  return statSync(output).size;
};
