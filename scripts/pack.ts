/**
 * Packs a bundle, a stripped Node and assets into one executable file, by @yao-pkg/pkg's SEA mode.
 *
 * The command line of pkg 6.23 passes no SEA settings on, so its inner function is called. Two of
 * the settings are for safety, as the daemon is root: Node's own environment variables and
 * OpenSSL's can load foreign code into any Node program, so both are switched off.
 *
 * The file depends on what goes in and on nothing else (D21). Node puts the path of its entry into
 * the file; pkg has no setting for that, so the one command that it runs, Node making the blob, is
 * run in a folder in which that path is a bare name.
 */
import { type ChildProcess, type ExecFileException, execFile } from 'node:child_process';
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { PKG_HOME, strippedNode } from './node-base.ts';
import { type Arch, pinnedNode } from './node-package.ts';

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
type Done = (error: ExecFileException | null, stdout: string, stderr: string) => void;

/**
 * Settings of every binary. The small young generation saves 20 MB of memory at 50 connections; to
 * share out so little among threads costs more than it gains, on a small VM a tenth of all CPU.
 */
export const SEA_SETTINGS = {
  disableExperimentalSEAWarning: true,
  execArgv: ['--max-semi-space-size=1', '--no-parallel-scavenge', '--openssl-config=/dev/null'],
  execArgvExtension: 'none',
} as const;

const require = createRequire(import.meta.url);

/** Runs Node as pkg wants it, making a blob by a configuration; the folder is ours. */
const makeBlob = (node: string, argv: readonly string[], done: Done): ChildProcess => {
  const file = argv.at(-1) ?? '';
  const config = JSON.parse(readFileSync(file, 'utf8')) as { main: string };
  writeFileSync(file, JSON.stringify({ ...config, main: basename(config.main) }));
  return execFile(node, [...argv], { cwd: dirname(config.main) }, done);
};

/** Loads pkg's inner function. What runs its commands it takes at that moment, and takes ours. */
const loadPacker = (): PackSea => {
  const system = require('node:child_process') as { execFile: unknown };
  system.execFile = makeBlob;
  try {
    return (require('@yao-pkg/pkg/lib-es5/sea.js') as { default: PackSea }).default;
  } finally {
    system.execFile = execFile;
  }
};

/** Runs pkg with a home of its own, and without what it tells: our steps are told already. */
const runPacker = async (entry: string, options: SeaOptions): Promise<void> => {
  const { log } = console;
  const { HOME } = process.env;
  console.log = () => {};
  process.env.HOME = PKG_HOME;
  try {
    await loadPacker()(entry, options);
  } finally {
    console.log = log;
    if (HOME === undefined) delete process.env.HOME;
    else process.env.HOME = HOME;
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
  const unfinished = resolve(`${output}.${process.pid}`);
  const absolute = Object.entries(assets).map(([name, path]) => [name, resolve(path)]);
  await runPacker(resolve(entry), {
    targets: [{ nodeRange: `node${pinnedNode()}`, platform: 'linux', arch, output: unfinished }],
    seaConfig: {
      ...SEA_SETTINGS,
      assets: Object.fromEntries(absolute),
    },
  });
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, output);
  return statSync(output).size;
};
