/**
 * Builds the binary: `npm run build` makes dist/cnsmo-linux-ARCH for this machine, with a second
 * name, dist/cnsmo; `npm run build -- --arch arm64` makes that one; `npm run build -- --all` makes
 * all, with SBOM and SHA256SUMS. When nothing that goes in has changed, nothing is done.
 */
import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DIST, makeBinary, packBeside, upgradeOf } from './binary.ts';
import { type Bundle, bundleProgram } from './bundle.ts';
import { ARCHES, type Arch, machineArch } from './node-package.ts';
import { writeRelease } from './release.ts';
import { runScript, scriptFailure, secondsSince } from './steps.ts';

const SHORT_NAME = join(DIST, 'cnsmo');

/** Gives the machine's binary its short name, at no moment without a file of that name. */
const nameShortly = (output: string): void => {
  if (statSync(SHORT_NAME, { throwIfNoEntry: false })?.ino === statSync(output).ino) return;
  const link = `${SHORT_NAME}.${process.pid}`;
  rmSync(link, { force: true });
  linkSync(output, link);
  renameSync(link, SHORT_NAME);
};

const buildFrom = async (bundle: Bundle, arch: Arch): Promise<string> => {
  const output = await makeBinary(arch, bundle);
  if (arch !== machineArch()) return output;
  nameShortly(output);
  return SHORT_NAME;
};

/** Builds the binary of an architecture, unless it is there and up to date; gives its path. */
export const buildBinary = async (arch: Arch): Promise<string> =>
  buildFrom(await bundleProgram('src/main.ts'), arch);

/** Makes what the binary of this machine would be of another commit: what an upgrade is to. */
export const buildUpgrade = async (commit: string, output: string): Promise<void> =>
  packBeside(machineArch(), upgradeOf(await bundleProgram('src/main.ts'), commit), output);

const buildAll = async (): Promise<void> => {
  const bundle = await bundleProgram('src/main.ts');
  for (const arch of ARCHES) await buildFrom(bundle, arch);
  await writeRelease(bundle);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, all: { type: 'boolean' } } });
  const startMs = performance.now();
  const arch = ARCHES.find((each) => each === (values.arch ?? machineArch()));
  if (arch === undefined) {
    throw scriptFailure(`--arch: ${values.arch}: use ${ARCHES.join(' or ')}`);
  }
  if (values.all === true) await buildAll();
  else await buildBinary(arch);
  console.log(`built in ${secondsSince(startMs)}`);
};

if (import.meta.main) await runScript(main);
