/**
 * Edge: files — durable, atomic, private files: what disk, process, lock, bundle and unit have in
 * common.
 *
 * 1. A reader sees the old content or the new, never a part: written beside it, synced, renamed,
 *    directory synced.
 * 2. No symbolic link is followed in the last part of a path.
 * 3. A temporary file starts with a dot and ends in `.tmp`, so that no name of the state directory
 *    can be one.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';

/** The pid of the writer stands in the name, so that nobody removes what is being written. */
const TEMPORARY = /^\..*\.(\d+)-[0-9a-f]{12}\.tmp$/;

/** Whether a file of this name is one that an atomic write makes first. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Whether a file of this name is what a crash left of an atomic write: its writer has ended. */
export function isLeftOver(name: string): boolean {
  const writer = TEMPORARY.exec(name)?.[1];
  if (writer === undefined) return false;
  if (Number(writer) === process.pid) return true; // An earlier process; we only just start.
  try {
    process.kill(Number(writer), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/**
 * Replaces the file at `path`; durable when this resolves. The mode is exactly `mode`, whatever the
 * umask is.
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array | string,
  mode: number,
): Promise<void> {
  // Not by node:crypto, which a command that just asks the daemon would load for it.
  const chance = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex');
  const unique = `${process.pid}-${chance}`;
  const temporary = join(dirname(path), `.${basename(path)}.${unique}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    try {
      await handle.chmod(mode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await removeFile(temporary).catch(() => undefined); // What matters is the first failure.
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Opens what is at `path` without following a link and without waiting for a pipe's other end. */
export async function openFile(path: string, flags: number, mode = 0o600): Promise<FileHandle> {
  return await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
}

/** The whole file, or null when there is none. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Makes a rename, a creation or a removal in the directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes the file; harmless when there is none. Returns whether there was one. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The system's error code, as `ENOENT`; empty when the error has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** What a person can do about a failing file system, by the system's error code. */
const DISK_FAILURES: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  ENOSPC: ['no space left on the file system', 'free some space there, then try again'],
  EDQUOT: ['the disk quota is used up', 'raise the quota or free some space, then try again'],
  EROFS: ['the file system is read-only', 'mount it writable, or choose another directory'],
  EIO: ['input/output error', 'check the disk with: dmesg; restore the VM or choose another disk'],
};

/**
 * A failing file system and missing rights as a Fault; any other error as it is. Refused: what
 * could not be written is as it was.
 */
export function diskFault(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const known = DISK_FAILURES[code];
  if (known) {
    const [why, remedy] = known;
    return new Fault('refused', { field: 'disk', value: path, why, remedy }, error);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const [why, remedy] = ['not permitted', 'run it as root, or as the owner of that directory'];
    return new Fault('forbidden', { field: 'disk', value: path, why, remedy }, error);
  }
  if (code === 'ELOOP') {
    const [why, remedy] = ['is a symbolic link', 'put the file itself there'];
    return new Fault('refused', { field: 'disk', value: path, why, remedy }, error);
  }
  return error;
}
