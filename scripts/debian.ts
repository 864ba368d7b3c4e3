/**
 * Packages of a Debian release other than the machine's, verified by apt itself.
 *
 * apt works here in a folder of its own: its own source list, lists, cache and an empty status, so
 * nothing of the machine changes. The mirror is the one that the machine uses for its own Debian; a
 * Ubuntu has none, so there it is the one that python-apt-common names. Proxies come from the
 * machine's configuration of apt. The keyring is the machine's; where that is older than the wanted
 * release, the keyring package of an older release, which it does verify, brings the newer keys.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TOOLS } from './packages.table.ts';
import { ensureTools } from './packages.ts';
import { run, scriptFailure } from './steps.ts';

const KEYRING = TOOLS['debian-keyring'].file;
/**
 * Releases whose keyring package has the keys of the next one, newest first. The keyring of Ubuntu
 * 22.04 ends with bullseye's keys, which sign bookworm no more.
 */
const KEYRING_SUITES = ['bookworm', 'bullseye'];

/** Where a release comes from and which keys sign it. */
export interface Archive {
  readonly mirror: string;
  readonly suite: string;
  readonly keyring: string;
}

const osRelease = (): ReadonlyMap<string, string> =>
  new Map(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => line.split('='))
      .map(([key = '', value = '']) => [key, value.replaceAll('"', '')]),
  );

/** The mirror of the machine's own release of Debian, or null on another distribution. */
const machineMirror = async (): Promise<string | null> => {
  const os = osRelease();
  if (os.get('ID') !== 'debian') return null;
  const targets = await run('apt-get', ['indextargets', '--format', '$(RELEASE) $(REPO_URI)']);
  const codename = os.get('VERSION_CODENAME') ?? '';
  const line = targets.split('\n').find((each) => each.startsWith(`${codename} `));
  return line?.slice(codename.length + 1).trim() ?? null;
};

/** The mirror in the text of python-apt's template of Debian: that of its first plain release. */
const templateMirror = (template: string): string | null =>
  /^BaseURI: (\S+\/debian\/?)$/m.exec(template)?.[1] ?? null;

/** The mirror of Debian to use. `CNSMO_DEBIAN_MIRROR` overrides what the machine says. */
const debianMirror = async (): Promise<string> => {
  const wanted = process.env.CNSMO_DEBIAN_MIRROR ?? (await machineMirror());
  if (wanted) return wanted;
  await ensureTools(['debian-mirrors', 'certificates']);
  const mirror = templateMirror(readFileSync(TOOLS['debian-mirrors'].file, 'utf8'));
  if (mirror !== null) return mirror;
  throw scriptFailure('no mirror of Debian is known; set CNSMO_DEBIAN_MIRROR to the URL of one');
};

/** The options that make apt work in a folder, for one architecture of one archive. */
const prepareApt = (folder: string, arch: string, archive: Archive): readonly string[] => {
  const root = resolve(folder);
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  const source = `deb [signed-by=${archive.keyring}] ${archive.mirror} ${archive.suite} main\n`;
  writeFileSync(join(root, 'sources.list'), source);
  writeFileSync(join(root, 'status'), '');
  const settings = {
    'APT::Architecture': arch,
    'APT::Architectures': arch,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::Etc::SourceList': join(root, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    'Dir::Etc::Preferences': '-',
    'Dir::Etc::PreferencesParts': '-',
    'Dir::State': root,
    'Dir::State::Lists': join(root, 'lists'),
    'Dir::State::Status': join(root, 'status'),
    'Dir::Cache': join(root, 'cache'),
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
};

const download = async (
  folder: string,
  arch: string,
  archive: Archive,
  names: readonly string[],
): Promise<readonly string[]> => {
  rmSync(folder, { recursive: true, force: true });
  const options = prepareApt(folder, arch, archive);
  await run('apt-get', [...options, '-q', '-o', 'APT::Update::Error-Mode=any', 'update']);
  await run('apt-get', [...options, '-q', 'download', ...names], { cwd: folder });
  const files = readdirSync(folder);
  return names.map((name) => {
    const file = files.find((each) => each.startsWith(`${name}_`));
    if (file === undefined) throw scriptFailure(`apt-get download ${name} left no file`);
    return join(folder, file);
  });
};

/** The keyring in the keyring package of an older release. */
const olderKeyring = async (folder: string, archive: Archive): Promise<string> => {
  const file = await downloadPackage(folder, 'amd64', archive, TOOLS['debian-keyring'].package);
  await run('dpkg', ['-x', file, join(folder, 'root')]);
  return resolve(join(folder, 'root', KEYRING));
};

/**
 * Downloads packages of a release to a folder, which is emptied first, and gives the paths of their
 * files. Fails when the release cannot be reached or no key that the machine trusts leads to it.
 */
export const downloadPackages = async (
  folder: string,
  arch: string,
  archive: Archive,
  names: readonly string[],
): Promise<readonly string[]> => {
  try {
    return await download(folder, arch, archive, names);
  } catch (error) {
    const suite = KEYRING_SUITES[KEYRING_SUITES.indexOf(archive.suite) + 1];
    if (suite === undefined || !String(error).includes('NO_PUBKEY')) throw error;
    const keyring = await olderKeyring(`${folder}-${suite}`, { ...archive, suite });
    return download(folder, arch, { ...archive, keyring }, names);
  }
};

/** As `downloadPackages`, of one package. */
export const downloadPackage = async (
  folder: string,
  arch: string,
  archive: Archive,
  name: string,
): Promise<string> => {
  const [file = ''] = await downloadPackages(folder, arch, archive, [name]);
  return file;
};

/** A release of Debian, from the machine's mirror, signed by the keys that the machine has. */
export const openArchive = async (suite: string): Promise<Archive> => {
  await ensureTools(['debian-keyring']);
  return { mirror: await debianMirror(), suite, keyring: KEYRING };
};
