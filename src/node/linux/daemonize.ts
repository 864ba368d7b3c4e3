/**
 * Edge: daemonize — starts our own executable as a daemon, where no systemd does it.
 *
 * 1. The daemon has a session of its own and no terminal, and its log is private.
 * 2. Nothing of the caller's environment reaches it but the names below: a token least of all.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { resolve } from 'node:path';
import { isSea } from 'node:sea';
import { Fault } from '../../fault.ts';
import { FIXED_ENVIRONMENT } from './environment.ts';
import { codeOf, diskFault, openFile } from './files.ts';
import { lastLineFrom } from './log-reader.ts';
import { DAEMON_ENVIRONMENT } from './memory.ts';

/** What the daemon inherits beside the fixed environment. */
const INHERITED = ['CNSMO_STATE', 'CNSMO_RUN', 'CNSMO_WIREGUARD_GO'] as const;

/** Where the daemon finds the path of its log, which it keeps bounded itself (`log-file.ts`). */
export const LOG_VARIABLE = 'CNSMO_LOG_FILE';

/** A disk that takes nothing is no reason not to start: the daemon tries on to open its log. */
const DISK_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/** A process that was started so. */
export interface Detached {
  readonly pid: number;
  /** How it ended, and the last that it wrote, in words; null while it runs. */
  ending(): Promise<string | null>;
}

/**
 * Starts our own executable with `argv`, its output appended to `logFile` (0600). Resolves once it
 * runs; whether it stays, the API tells. Fault 'internal' when it cannot be started.
 */
export async function startDetached(argv: readonly string[], logFile: string): Promise<Detached> {
  const log = resolve(logFile);
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  try {
    const handle = await openFile(log, O_WRONLY | O_CREAT | O_APPEND).catch((error) => {
      if (!DISK_CODES.has(codeOf(error))) throw error;
      return openFile('/dev/null', O_WRONLY);
    });
    try {
      const { size } = await handle.stat();
      const child = await spawnDetached(argv, log, handle.fd);
      return { pid: child.pid ?? 0, ending: () => endingOf(child, log, size) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskFault(error, log);
  }
}

/** What stood in the log before `offset` is another's word. */
async function endingOf(
  { exitCode, signalCode }: ChildProcess,
  log: string,
  offset: number,
): Promise<string | null> {
  if (exitCode === null && signalCode === null) return null;
  const how = signalCode === null ? `with status ${exitCode}` : `by ${signalCode}`;
  // Where there is no log, or none that can be read, how it ended is all that is known.
  const said = await lastLineFrom(log, offset).catch(() => null);
  return said === null ? how : `${how}: ${said}`;
}

/** How `program`, which is what we run as, is started with those arguments for our main. */
export function ownCommand(program: string, argv: readonly string[]): readonly string[] {
  // The single binary runs our main whatever its arguments are; Node wants to be told the file.
  const script = isSea() ? [] : [resolve(process.argv[1] ?? '')];
  return [program, ...script, ...argv];
}

async function spawnDetached(
  argv: readonly string[],
  log: string,
  output: number,
): Promise<ChildProcess> {
  const [program = '', ...operands] = ownCommand(process.execPath, argv);
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn(program, operands, {
    cwd: '/',
    env: {
      ...FIXED_ENVIRONMENT,
      ...DAEMON_ENVIRONMENT,
      ...Object.fromEntries(inherited),
      [LOG_VARIABLE]: log,
    },
    detached: true,
    stdio: ['ignore', output, output],
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
      started(child);
    });
  });
}
