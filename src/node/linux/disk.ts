/**
 * Edge: disk — the state directory: private, durable, atomic.
 *
 * 1. Nothing is read or written in a directory that others could have changed or read: opening
 *    refuses a symbolic link, a foreign owner, a directory looser than 0700 and a file in it looser
 *    than 0600.
 * 2. Operations on one name run in call order; those on two names do not wait for each other.
 * 3. Sub-directories are not ours to judge, `bin` excepted: it holds programs that we run.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Disk } from '../../ports.ts';
import { openSequence } from '../sequence.ts';
import { openAppends } from './appends.ts';
import {
  codeOf,
  diskFault,
  isLeftOver,
  openFile,
  removeFile,
  syncDirectory,
  writeAtomically,
} from './files.ts';

/** What a file of the state directory may be called. No leading dot: those are temporary files. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** How often a directory is made that goes again. */
const TRIES_MAX = 100;

/**
 * Opens the state directory, creating it (and its parents) when it is missing. Fault 'refused' when
 * its state is not safe (invariant 1) or must be made on a disk that is full, read-only or broken,
 * 'forbidden' without the rights. Such a disk is opened where the directory is there.
 */
export async function openDisk(directory: string): Promise<Disk> {
  const root = resolve(directory);
  await faulty(root, () => openRoot(root));
  const inOrder = openSequence();
  const appends = openAppends(inOrder);
  const at = <Result>(name: string, task: (path: string) => Promise<Result>): Promise<Result> => {
    if (!NAME.test(name))
      return Promise.reject(new Error(`not a file name: ${JSON.stringify(name)}`));
    const path = join(root, name);
    return inOrder(path, () => faulty(path, () => task(path)));
  };
  return {
    read: (name) => at(name, readFileWhole),
    write: (name, content) =>
      at(name, async (path) => {
        await appends.release(path);
        await writeAtomically(path, content, 0o600);
      }),
    append: (name, content) => at(name, (path) => appends.append(path, content)),
    remove: (name) =>
      at(name, async (path) => {
        await appends.release(path);
        if (await removeFile(path)) await syncDirectory(root);
      }),
    list: () => faulty(root, () => listFiles(root)),
  };
}

async function faulty<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    throw diskFault(error, path);
  }
}

/** Makes and inspects it; again when whoever leaves has removed it, empty, in between. */
async function openRoot(root: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(root, { recursive: true, mode: 0o700 });
      return await inspect(root);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || tries === TRIES_MAX) throw error;
    }
  }
}

async function inspect(root: string): Promise<void> {
  const stats = await lstat(root);
  refuseUnless(stats.isDirectory(), root, stats, 'is not a directory', `move it away: ${root}`);
  refuseForeign(root, stats, 0o700);
  for (const name of (await readdir(root)).sort()) {
    const path = join(root, name);
    // A disk that takes nothing now keeps it until the next start.
    if (isLeftOver(name)) await removeFile(path).catch(() => undefined);
    if (isLeftOver(name)) continue;
    const found = await lstat(path).catch((error) => {
      if (codeOf(error) === 'ENOENT') return null; // Left over, or just renamed by its writer.
      throw error;
    });
    if (found === null) continue;
    if (found.isDirectory()) {
      if (name === 'bin') refuseForeign(path, found, 0o700); // Invariant 3.
      continue;
    }
    refuseUnless(found.isFile(), path, found, 'is not a regular file', `rm ${path}`);
    refuseForeign(path, found, 0o600);
  }
}

function refuseForeign(path: string, stats: Stats, mode: number): void {
  const owner = process.geteuid?.() ?? 0;
  const chown = `chown ${owner} ${path}`;
  refuseUnless(stats.uid === owner, path, stats, `belongs to user ${stats.uid}, not to us`, chown);
  const text = octal(mode);
  const why = `others may read or change it; no looser than ${text} is accepted`;
  refuseUnless((stats.mode & 0o7777 & ~mode) === 0, path, stats, why, `chmod ${text} ${path}`);
}

function refuseUnless(
  holds: boolean,
  path: string,
  stats: Stats,
  ...[why, remedy]: readonly [why: string, remedy: string]
): void {
  if (holds) return;
  const value = `${path} (${octal(stats.mode & 0o7777)})`;
  throw new Fault('refused', { field: 'state', value, why, remedy });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

async function readFileWhole(path: string): Promise<Uint8Array | null> {
  try {
    const handle = await openFile(path, constants.O_RDONLY);
    try {
      const { buffer, byteOffset, length } = await handle.readFile();
      return new Uint8Array(buffer, byteOffset, length); // To copy MBs holds everybody up.
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function listFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []; // Whoever leaves has removed it, empty.
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}
