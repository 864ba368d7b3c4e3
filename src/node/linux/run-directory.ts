/**
 * Edge: run directory — where the API's socket and the pids of children are.
 *
 * Everybody may look into it, or no member of the group could reach the socket. Nobody but its
 * owner may change it, or a stranger could put a socket or a pid of his own there.
 */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import { codeOf, diskFault } from './files.ts';

/** Longest path of a unix socket: `sun_path` of unix(7) has 108 bytes with its closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** Tries to make it: whoever leaves removes it when it is empty, perhaps in between. */
const TRIES_MAX = 10;

/**
 * Creates the run directory (0755) when it is missing, and returns its absolute path. Fault
 * 'refused' when it is a symbolic link, not ours, or others may write to it.
 */
export async function openRunDirectory(directory: string): Promise<string> {
  const path = resolve(directory);
  for (let tries = 1; ; tries += 1) {
    try {
      await makeAndInspect(path);
      return path;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || tries === TRIES_MAX) throw diskFault(error, path);
    }
  }
}

async function makeAndInspect(path: string): Promise<void> {
  const isNew = (await mkdir(path, { recursive: true })) !== undefined;
  if (isNew) await chmod(path, 0o755); // The umask took what it wanted from the mode of mkdir.
  const stats = await lstat(path);
  const owner = process.geteuid?.() ?? 0;
  const value = `${path} (${(stats.mode & 0o7777).toString(8).padStart(4, '0')})`;
  if (!stats.isDirectory()) throw refusal(value, 'is not a directory', `move it away: ${path}`);
  if (stats.uid !== owner) {
    throw refusal(value, `belongs to user ${stats.uid}, not to us`, `chown ${owner} ${path}`);
  }
  if (stats.mode & 0o022) throw refusal(value, 'others may change it', `chmod 0755 ${path}`);
}

/** The API's socket in a run directory. Fault 'refused' when that path is too long for a socket. */
export function socketPath(directory: string): string {
  const path = resolve(directory, 'api.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
  const why = `longer than ${SOCKET_PATH_BYTES_MAX} bytes, the most for a unix socket`;
  throw refusal(path, why, 'choose a shorter directory with --run');
}

function refusal(value: string, why: string, remedy: string): Fault {
  return new Fault('refused', { field: 'run', value, why, remedy });
}
