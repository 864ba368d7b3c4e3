/**
 * A second build of the same commit, with everything different that a build could let slip into its
 * files: folder, user, home, host name, time zone, language, umask, ages of files, and the time.
 *
 * Namespaces make it cheap. The sources are copied; node_modules and what the build fetched are
 * mounted, as they are verified by hash. The rest is made anew, stripped Node too.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from '../scripts/steps.ts';

/** The second build. */
export interface Elsewhere {
  /** Its dist/. */
  readonly dist: string;
  /** Names that only that build knew: none may be in what it made. */
  readonly names: readonly string[];
  /** The folder to remove when all is done. */
  readonly folder: string;
}

const USER = 'wilhelmine';
const HOST = 'far-and-strange';
/** Folders that the second build takes from the first: inputs, verified by hash. */
const MOUNTED = ['node_modules', 'build/node', 'build/wireguard-go'];

const SCRIPT = `
hostname ${HOST}
mount --bind "$PASSWD" /etc/passwd
for name in ${MOUNTED.join(' ')}; do
  test ! -d "$ROOT/$name" || { mkdir -p "$name" && mount --bind "$ROOT/$name" "$name"; }
done
umask 077
exec env -u ROOT -u PASSWD node scripts/build-binary.ts --all`;

const copySources = async (to: string): Promise<void> => {
  const listed = await run('git', ['ls-files', '-z', '-c', '-o', '--exclude-standard']);
  for (const path of listed.split('\0').filter((each) => each !== '' && existsSync(each))) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(path, join(to, path));
  }
};

/** Builds all files of a release there. Needs root, for the namespaces. */
export const buildElsewhere = async (): Promise<Elsewhere> => {
  const folder = mkdtempSync(join(tmpdir(), 'cnsmo-elsewhere-'));
  chmodSync(folder, 0o700);
  const checkout = join(folder, 'home', USER, 'checkout');
  const passwd = join(folder, 'passwd');
  mkdirSync(checkout, { recursive: true });
  writeFileSync(passwd, `${USER}:x:0:0::${dirname(checkout)}:/bin/sh\n`);
  await copySources(checkout);
  // The commit's name comes from the same repository; its index is only read.
  const gitDirectory = (await run('git', ['rev-parse', '--absolute-git-dir'])).trim();
  const env = {
    ROOT: resolve('.'),
    PASSWD: passwd,
    PATH: `${join(checkout, 'node_modules/.bin')}:${process.env.PATH}`,
    HOME: dirname(checkout),
    USER,
    LOGNAME: USER,
    TMPDIR: folder,
    TZ: 'Pacific/Chatham',
    LANG: 'tr_TR.UTF-8',
    GIT_DIR: gitDirectory,
    GIT_OPTIONAL_LOCKS: '0',
  };
  const words = ['--mount', '--uts', 'sh', '-e', '-c', SCRIPT];
  await run('unshare', words, { cwd: checkout, env });
  return { dist: join(checkout, 'dist'), names: [folder, USER, HOST], folder };
};
