/** Installs what a script needs of the operating system: says which, asks nothing. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { TOOLS, type ToolName } from './packages.table.ts';
import { run, scriptFailure } from './steps.ts';

/** System administration commands are not in every PATH. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin';

const isThere = (file: string): boolean => {
  const folders = `${process.env.PATH ?? ''}:${SYSTEM_PATH}`.split(':');
  const candidates = file.startsWith('/') ? [file] : folders.map((folder) => join(folder, file));
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
};

/** The packages that are missing for some tools, sorted, each once. */
const missingPackages = (names: readonly ToolName[]): readonly string[] => {
  const missing = names.map((name) => TOOLS[name]).filter(({ file }) => !isThere(file));
  return [...new Set(missing.map((tool) => tool.package))].toSorted();
};

const aptGet = (...argv: readonly string[]): Promise<string> =>
  run('apt-get', argv, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

/** Makes sure that all tools are there. Fails, naming the packages, without root or without apt. */
export const ensureTools = async (names: readonly ToolName[]): Promise<void> => {
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    throw scriptFailure(`missing packages: ${list}; install them, or run this as root`);
  }
  console.log(`installing packages of the operating system: ${list}`);
  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  await aptGet('update', '-q');
  await aptGet(...install);
  const still = missingPackages(names);
  if (still.length > 0) throw scriptFailure(`installed, yet missing: ${still.join(' ')}`);
};
