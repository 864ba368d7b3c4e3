/**
 * Edge: daemon lock — at most one process works on a state directory.
 *
 * The lock is an abstract unix socket, named after the directory's device and inode: taking it is
 * one atomic step, a symbolic link or another spelling of the path makes no second lock, and the
 * kernel frees it when its holder dies, however it dies. Abstract names belong to a network
 * namespace; for a daemon in another one, `<run>/daemon.pid` says who runs.
 *
 * 1. Whoever holds the lock is one process; a name in use is never taken over. A directory that was
 *    removed and made again has another name, so who has the lock looks whether it is of this one.
 * 2. Any local user could hold the name first. That stops our start with a clear Fault, no more.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import { codeOf, diskFault, isLeftOver, readText, removeFile, writeAtomically } from './files.ts';
import {
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  parseIdentity,
} from './process-identity.ts';
import { openRunDirectory } from './run-directory.ts';

const PID_FILE = 'daemon.pid';
/** Tries to write it: each but the last may find that the run directory has just been removed. */
const WRITES_MAX = 10;

/** Who has the lock: the daemon, or a command such as join. */
type Holder = 'daemon' | 'command';

/**
 * Takes the lock of a state directory (creating it when missing) until the returned function is
 * called or this process ends. Fault 'refused' when another process has it.
 */
export async function lockState(
  stateDirectory: string,
  runDirectory: string,
  holder: Holder = 'command',
): Promise<() => Promise<void>> {
  const state = resolve(stateDirectory);
  const pidFile = join(await openRunDirectory(runDirectory), PID_FILE);
  const server = await holdDirectory(state);
  try {
    if (server === null || (await isOtherAlive(pidFile))) throw await inUse(state, pidFile);
    const self = await identifyProcess(process.pid);
    await writeDown(runDirectory, JSON.stringify({ ...self, holder }));
  } catch (error) {
    server?.close();
    throw diskFault(error, pidFile);
  }
  return async () => {
    if (!server.listening) return;
    await removeFile(pidFile);
    await new Promise((closed) => server.close(closed));
  };
}

/** Whether some process has the lock of the state directory, a command as well as the daemon. */
export async function isDaemonRunning(stateDirectory: string): Promise<boolean> {
  let name: string;
  try {
    name = await nameOf(resolve(stateDirectory));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false; // No directory, no daemon.
    throw diskFault(error, stateDirectory);
  }
  return await new Promise((answer) => {
    const socket = connect(name);
    const finish = (isHeld: boolean): void => {
      socket.destroy();
      answer(isHeld);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

/** The live daemon that holds a lock by this run directory; null when none does, or a command. */
export async function runningDaemon(runDirectory: string): Promise<ProcessIdentity | null> {
  const text = await readText(join(resolve(runDirectory), PID_FILE));
  if (text === null) return null;
  const identity = parseIdentity(text);
  if (identity === null || JSON.parse(text).holder !== 'daemon') return null;
  return (await isAlive(identity)) ? identity : null;
}

/**
 * Removes a state directory, which a command made in vain. Harmless when it is not empty, not there
 * or in use.
 */
export async function removeEmptyState(
  stateDirectory: string,
  runDirectory: string,
): Promise<void> {
  if (existsSync(stateDirectory)) await removeUnused(stateDirectory, runDirectory, []);
}

/**
 * The same, also when there is none; and removes these files that a dead daemon may have left, and
 * unfinished ones of the run directory. All of it while nobody has the lock, or the files could be
 * those of a daemon that has just started.
 */
export async function removeUnused(
  stateDirectory: string,
  runDirectory: string,
  leftovers: readonly string[],
): Promise<void> {
  const state = resolve(stateDirectory);
  try {
    const unlock = await lockState(state, runDirectory);
    for (const path of leftovers) await removeFile(path);
    // Of a process that was killed while it wrote down its pid.
    const names = await readdir(runDirectory).catch(() => []);
    for (const name of names.filter(isLeftOver)) await removeFile(join(runDirectory, name));
    await rmdir(state).catch(() => {}); // Not empty: there is something to keep.
    await unlock();
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // In use, so it is not ours to remove.
  }
}

/** The lock of the directory that is there, made when there is none; null when it is in use. */
async function holdDirectory(state: string): Promise<Server | null> {
  for (;;) {
    try {
      await mkdir(state, { recursive: true, mode: 0o700 });
      const name = await nameOf(state);
      const server = await holdName(name);
      if (server === null || (await nameOf(state)) === name) return server;
      server.close();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw diskFault(error, state); // Removed in between.
    }
  }
}

/** Writes the pid file. Whoever leaves removes the run directory when it is empty, so twice. */
async function writeDown(runDirectory: string, text: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const pidFile = join(await openRunDirectory(runDirectory), PID_FILE);
    try {
      return await writeAtomically(pidFile, text, 0o644);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || tries === WRITES_MAX) throw error;
    }
  }
}

async function nameOf(state: string): Promise<string> {
  const { dev, ino } = await stat(state, { bigint: true });
  return `\0cnsmo/${createHash('sha256').update(`${dev}:${ino}`).digest('hex')}`;
}

/** The listener that holds the name, or null when somebody else does. */
async function holdName(name: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  server.unref(); // The lock alone keeps no process running.
  return await new Promise((held, failed) => {
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? held(null) : failed(error)));
    server.listen(name, () => held(server));
  });
}

async function readHolder(pidFile: string): Promise<ReturnType<typeof parseIdentity>> {
  const text = await readText(pidFile);
  return text === null ? null : parseIdentity(text);
}

async function isOtherAlive(pidFile: string): Promise<boolean> {
  const holder = await readHolder(pidFile);
  return holder !== null && holder.pid !== process.pid && (await isAlive(holder));
}

async function inUse(state: string, pidFile: string): Promise<Fault> {
  const holder = await readHolder(pidFile);
  const who = holder === null ? 'another process' : `process ${holder.pid}`;
  return new Fault('refused', {
    field: 'state',
    value: state,
    why: `in use by ${who}`,
    remedy: 'stop the daemon with: cnsmo stop; or wait for the other command to end',
  });
}
