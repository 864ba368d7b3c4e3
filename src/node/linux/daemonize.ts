/**
 * Edge: daemonize — starts our own executable as a daemon, where no systemd does it.
 *
 * 1. The daemon has a session of its own and no terminal, and its log is private.
 * 2. Nothing of the caller's environment reaches it but the names below: a token least of all.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isSea } from 'node:sea';
import { Fault } from '../../fault.ts';
import { FIXED_ENVIRONMENT } from './command.ts';
import { codeOf, diskFault, openFile } from './files.ts';
import { DAEMON_ENVIRONMENT } from './memory.ts';

/** What the daemon inherits beside the fixed environment. */
const INHERITED = ['CNSMO_STATE', 'CNSMO_RUN', 'CNSMO_WIREGUARD_GO'] as const;

/** Size at which the log of the last daemon becomes `<log>.old`, in bytes: 8 MiB. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Starts our own executable with `argv`, its output appended to `logFile` (0600). Resolves with the
 * pid once it runs; whether it stays, the API tells. Fault 'internal' when it cannot be started.
 */
export async function startDetached(argv: readonly string[], logFile: string): Promise<number> {
  const log = resolve(logFile);
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  try {
    await turnOver(log);
    const handle = await openFile(log, O_WRONLY | O_CREAT | O_APPEND);
    try {
      return await spawnDetached(argv, handle.fd);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskFault(error, log);
  }
}

async function turnOver(log: string): Promise<void> {
  try {
    if ((await stat(log)).size > LOG_BYTES_MAX) await rename(log, `${log}.old`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function spawnDetached(argv: readonly string[], log: number): Promise<number> {
  // The single binary runs our main whatever its arguments are; Node wants to be told the file.
  const script = isSea() ? [] : [resolve(process.argv[1] ?? '')];
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn(process.execPath, [...script, ...argv], {
    cwd: '/',
    env: { ...FIXED_ENVIRONMENT, ...DAEMON_ENVIRONMENT, ...Object.fromEntries(inherited) },
    detached: true,
    stdio: ['ignore', log, log],
  });
  return await new Promise((started, failed) => {
    child.once('error', (error) => {
      const why = `could not be started: ${error.message}`;
      const remedy = 'see that it is still there and may be executed';
      const facts = { field: 'daemon', value: process.execPath, why, remedy };
      failed(new Fault('internal', facts, error));
    });
    child.once('spawn', () => {
      child.unref();
      started(child.pid ?? 0);
    });
  });
}
