/**
 * Edge: bundle — what is carried inside the binary: programs.
 *
 * In the single binary a program is an asset, written out before it runs. Outside of it (tests,
 * development) the program comes from the environment, the build directory or the host.
 */
import { dirname, join, resolve } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { Fault } from '../../fault.ts';
import { extractAsset } from './asset.ts';
import { findProgram, missingTool } from './command.ts';

/** Debian's names of architectures, by which the build files what it takes from Debian. */
const DEBIAN_ARCH: Readonly<Record<string, string>> = { x64: 'amd64' };

/** How an argument vector names a program that the binary carries. */
const PREFIX = 'bundled:';

/** Where outside of the binary a carried program comes from first, by environment variable. */
const OVERRIDES: Readonly<Record<string, string>> = { 'wireguard-go': 'CNSMO_WIREGUARD_GO' };

/** Beside the event loop: it takes as long as all that a turn may. */
const unpack = promisify(zstdDecompress);

/**
 * The path of a program: `bundled:NAME`, written to `<stateDirectory>/bin` when the binary carries
 * it, or any other name, found in the search path. Fault 'refused' when there is none.
 */
export async function resolveProgram(program: string, stateDirectory: string): Promise<string> {
  if (program.startsWith(PREFIX)) {
    const name = program.slice(PREFIX.length);
    if (!isSea()) return await findOutside(name);
    const content = await unpack(Buffer.from(getRawAsset(`${name}.zst`)));
    return await extractAsset(name, content, stateDirectory);
  }
  const path = await findProgram(program);
  if (path === null) throw missingTool(program);
  return path;
}

async function findOutside(name: string): Promise<string> {
  const variable = OVERRIDES[name];
  const override = variable === undefined ? undefined : process.env[variable];
  if (override !== undefined && override !== '') {
    const path = await findProgram(resolve(override));
    if (path !== null) return path;
    const [why, remedy] = ['cannot be run', 'name an executable file, or unset the variable'];
    throw new Fault('refused', { field: variable ?? name, value: override, why, remedy });
  }
  const built = join('build', name, DEBIAN_ARCH[process.arch] ?? process.arch, name);
  for (const directory of [...ancestors(process.argv[1] ?? ''), ...ancestors(process.cwd())]) {
    const path = await findProgram(join(directory, built));
    if (path !== null) return path;
  }
  const path = await findProgram(name);
  if (path !== null) return path;
  const why = `neither in ${built} nor in the search path`;
  const remedy = `npm run build${variable === undefined ? '' : `, or set ${variable} to its path`}`;
  throw new Fault('refused', { field: 'program', value: name, why, remedy });
}

function ancestors(path: string): readonly string[] {
  const parent = dirname(resolve(path));
  return parent === resolve(path) ? [] : [parent, ...ancestors(parent)];
}
