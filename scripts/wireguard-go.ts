/**
 * Fetches the user-space WireGuard that the binary carries, to build/wireguard-go/ARCH/.
 *
 * `node scripts/wireguard-go.ts [amd64|arm64]…`; both without arguments. build/wireguard-go/ARCH/
 * manifest.json records what it is; nothing is fetched when the file there is the recorded one.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { downloadPackage, openArchive } from './debian.ts';
import { run, runScript, scriptFailure, step } from './steps.ts';
import { type DebianArch, SUITE, TESTED, VERSION_MIN } from './wireguard-go.table.ts';

const FOLDER = 'build/wireguard-go';
const APT_FOLDER = 'build/apt';
const PACKAGE = 'wireguard-go';

/** What is recorded of one fetched wireguard-go. */
export interface WireguardGo {
  /** Version of Debian's package. */
  readonly version: string;
  /** The package file's hash, as signed by Debian. */
  readonly packageSha256: string;
  /** The program's own hash. */
  readonly sha256: string;
}

/** Where the program of an architecture is, and beside it its licence. */
export const wireguardGoPaths = (arch: DebianArch): { program: string; licence: string } => ({
  program: join(FOLDER, arch, 'wireguard-go'),
  licence: join(FOLDER, arch, 'copyright'),
});

const sha256 = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

const recorded = (arch: DebianArch): WireguardGo | null => {
  const manifest = join(FOLDER, arch, 'manifest.json');
  const { program, licence } = wireguardGoPaths(arch);
  if (![manifest, program, licence].every((path) => existsSync(path))) return null;
  const read = JSON.parse(readFileSync(manifest, 'utf8')) as WireguardGo;
  return sha256(program) === read.sha256 ? read : null;
};

const fetchIt = async (arch: DebianArch): Promise<WireguardGo> => {
  const archive = await openArchive(SUITE);
  const folder = join(APT_FOLDER, `${SUITE}-${arch}`);
  const file = await downloadPackage(folder, arch, archive, PACKAGE);
  const version = (await run('dpkg-deb', ['--field', file, 'Version'])).trim();
  await run('dpkg', ['--compare-versions', version, 'ge', VERSION_MIN]).catch((cause: unknown) => {
    throw scriptFailure(`wireguard-go ${version} is older than ${VERSION_MIN}`, cause);
  });
  await run('dpkg', ['-x', file, join(folder, 'root')]);
  const { program, licence } = wireguardGoPaths(arch);
  mkdirSync(join(FOLDER, arch), { recursive: true });
  copyFileSync(join(folder, 'root/usr/bin/wireguard-go'), program);
  copyFileSync(join(folder, 'root/usr/share/doc/wireguard-go/copyright'), licence);
  const made = { version, packageSha256: sha256(file), sha256: sha256(program) };
  writeFileSync(join(FOLDER, arch, 'manifest.json'), `${JSON.stringify(made, null, 2)}\n`);
  return made;
};

/** One line about it: what, which, and whether it is the build that was tested. */
const describe = (arch: DebianArch, { version, packageSha256 }: WireguardGo): string => {
  const isTested = TESTED[arch].packageSha256 === packageSha256;
  const note = isTested ? '' : `; tested was ${TESTED[arch].packageSha256.slice(0, 16)}…`;
  return `${version} ${arch}, package sha256 ${packageSha256.slice(0, 16)}…${note}`;
};

/** Makes sure that the program of an architecture is there, and says what it is. */
export const ensureWireguardGo = async (arch: DebianArch): Promise<WireguardGo> =>
  recorded(arch) ??
  (await step(
    `wireguard-go of Debian ${SUITE}`,
    () => fetchIt(arch),
    (made) => describe(arch, made),
  ));

const main = async (): Promise<void> => {
  const named = process.argv.slice(2);
  const all = Object.keys(TESTED) as DebianArch[];
  for (const arch of all.filter((each) => named.length === 0 || named.includes(each))) {
    const { sha256: hash } = await ensureWireguardGo(arch);
    console.log(`${wireguardGoPaths(arch).program}: sha256 ${hash}`);
  }
};

if (import.meta.main) await runScript(main);
