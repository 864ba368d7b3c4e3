/**
 * The binary of one architecture, dist/cnsmo-linux-ARCH: packed from the bundle and what else it
 * carries, and tried out where the machine can run it.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bundle } from './bundle.ts';
import { licencesText } from './licences.ts';
import { type Arch, ensureNodePackage, machineArch, pinnedNode } from './node-package.ts';
import { packBinary, SEA_SETTINGS } from './pack.ts';
import { BOOT, compressed, MAKERS, programAssets } from './program.ts';
import { run, scriptFailure, secondsSince, step } from './steps.ts';
import type { DebianArch } from './wireguard-go.table.ts';
import { ensureWireguardGo, wireguardGoPaths } from './wireguard-go.ts';

/** Largest binary, bytes: it is copied to every VM. */
const BYTES_MAX = 115_000_000;

/** Debian's names of our architectures. */
export const DEBIAN_ARCH: Readonly<Record<Arch, DebianArch>> = { x64: 'amd64', arm64: 'arm64' };

const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');

/** Where the binaries and what belongs to them are. */
export const DIST = 'dist';

/** The name of an architecture's binary there. */
export const binaryName = (arch: Arch): string => `cnsmo-linux-${arch}`;

const workOf = (arch: Arch): string => join('build', `cnsmo-${arch}`);

const outputFor = (arch: Arch): string => join(DIST, binaryName(arch));

/** What went into a binary and what came out, kept beside the build's other products. */
interface Stamp {
  readonly inputs: string;
  readonly output: string;
}

const isDone = (stampFile: string, output: string, inputs: string): boolean => {
  if (!existsSync(stampFile) || !existsSync(output)) return false;
  const stamp = JSON.parse(readFileSync(stampFile, 'utf8')) as Stamp;
  return stamp.inputs === inputs && stamp.output === sha256(readFileSync(output));
};

const versionLine = ({ version, commit }: Bundle): string => `cnsmo ${version} (${commit})`;

/** Starts the binary in an empty folder, with and without a hostile environment. Gives its time. */
const tryOut = async (output: string, bundle: Bundle): Promise<string> => {
  const cwd = mkdtempSync(join(tmpdir(), 'cnsmo-build-'));
  try {
    const startMs = performance.now();
    const said = await run(resolve(output), ['--version'], { cwd, env: {} });
    const time = secondsSince(startMs);
    const env = { NODE_OPTIONS: '--require=/nonexistent.cjs', OPENSSL_CONF: '/nonexistent' };
    const saidAgain = await run(resolve(output), ['--version'], { cwd, env });
    // The entry answers a bare `--version`, the program all else.
    const programSaid = await run(resolve(output), ['-o', 'table', '--version'], { cwd, env: {} });
    const all = [said, saidAgain, programSaid];
    if (all.some((each) => each !== `${versionLine(bundle)}\n`)) {
      throw scriptFailure(
        `${output} --version, with NODE_OPTIONS, of the program: ${all.join('')}`,
      );
    }
    // One command of each lot of compiled code: `join` takes all of it.
    for (const words of ['--help', 'join --help']) {
      const errors = await run('sh', ['-c', `"$0" ${words} 2>&1 >/dev/null`, resolve(output)], {
        cwd,
      });
      if (errors !== '') throw scriptFailure(`${output} ${words} says: ${errors}`);
    }
    return `${said.trim()}, in ${time}`;
  } finally {
    rmSync(cwd, { recursive: true });
  }
};

/** Assets go in compressed, as `NAME.zst`; but for the version, which needs no decoder. */
const pack = async (arch: Arch, work: string, bundle: Bundle, output: string): Promise<number> => {
  const { program } = wireguardGoPaths(DEBIAN_ARCH[arch]);
  const files = { 'wireguard-go': program, licences: join(work, 'licences.txt') };
  const assets = Object.entries(files).map(([name, path]) => compressed(work, name, path));
  const version = join(work, 'version');
  writeFileSync(version, versionLine(bundle));
  const code = await programAssets(arch, bundle.code, work);
  const all = { ...Object.fromEntries(assets), ...code, version };
  const bytes = await packBinary(BOOT, arch, all, output);
  if (bytes <= BYTES_MAX) return bytes;
  throw scriptFailure(`${output} has ${bytes} bytes, more than ${BYTES_MAX}`);
};

/** Makes the binary of an architecture, unless it is there and up to date; gives its path. */
export const makeBinary = async (arch: Arch, bundle: Bundle): Promise<string> => {
  const output = outputFor(arch);
  const work = workOf(arch);
  mkdirSync(work, { recursive: true });
  mkdirSync(DIST, { recursive: true });
  const wireguardGo = await ensureWireguardGo(DEBIAN_ARCH[arch]);
  const { licence } = wireguardGoPaths(DEBIAN_ARCH[arch]);
  const licences = licencesText(bundle.inputs, await ensureNodePackage(arch), licence);
  const makers = MAKERS.map((path) => readFileSync(path, 'utf8'));
  const settings = JSON.stringify([SEA_SETTINGS, ...makers, pinnedNode(), arch]);
  const inputs = sha256([bundle.code, licences, wireguardGo.sha256, settings].join('\n'));
  const stampFile = join(work, 'stamp.json');
  if (isDone(stampFile, output, inputs)) {
    console.log(`${output} is up to date (${bundle.version}, ${bundle.commit})`);
    return output;
  }
  console.log(`building ${output}: ${bundle.version}, ${bundle.commit}`);
  writeFileSync(join(work, 'cnsmo.cjs'), bundle.code);
  writeFileSync(join(work, 'licences.txt'), licences);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  await step('packed', () => pack(arch, work, bundle, output), megabytes);
  const says = (said: string): string => said;
  if (arch === machineArch()) await step('tried out', () => tryOut(output, bundle), says);
  const stamp: Stamp = { inputs, output: sha256(readFileSync(output)) };
  writeFileSync(stampFile, JSON.stringify(stamp));
  return output;
};

/** The bundle as if it were of another commit, of equal length: what an upgrade is to. */
export const upgradeOf = (bundle: Bundle, commit: string): Bundle => ({
  ...bundle,
  code: bundle.code.replaceAll(bundle.commit, commit),
  commit,
});

/** The bundle with a text of its code changed, which stands there once. */
export const changedBundle = (bundle: Bundle, find: string, put: string): Bundle => {
  const parts = bundle.code.split(find);
  if (parts.length === 2) return { ...bundle, code: parts.join(put) };
  throw scriptFailure(`the bundle has ${parts.length - 1} times, not once: ${find}`);
};

/** Packs a bundle beside the binary, whose `makeBinary` has run. */
export const packBeside = async (arch: Arch, bundle: Bundle, output: string): Promise<void> => {
  const work = mkdtempSync(join(workOf(arch), 'beside-'));
  try {
    copyFileSync(join(workOf(arch), 'licences.txt'), join(work, 'licences.txt'));
    await pack(arch, work, bundle, output);
  } finally {
    rmSync(work, { recursive: true });
  }
};
