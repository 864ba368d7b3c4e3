/**
 * Edge: command — runs one program to its end, without a shell and in a fixed environment.
 *
 * 1. Arguments reach the program literally; nothing between us and it reads them.
 * 2. The environment is fixed, so that no variable of whoever started us changes what a tool does
 *    or prints, and no secret of ours reaches it.
 * 3. A run ends in bounded time and memory: at the deadline, or when it prints too much, the whole
 *    process group is killed, since a grandchild that holds our pipe would keep us waiting.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { HostCommand, HostResult } from '../../ports.ts';
import { openInput } from './command-input.ts';
import { isOwnLack } from './failed-connect.ts';
import { codeOf } from './files.ts';

/** Where tools are searched, in order. */
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The whole environment of every program that we start, before what a caller adds to it. */
export const FIXED_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: SEARCH_PATH,
  LC_ALL: 'C',
  LANG: 'C',
};

/** The package that holds a tool, by Debian's names; most others have the same. */
const PACKAGES: Readonly<Record<string, string>> = {
  haproxy: 'haproxy',
  ip: 'iproute2',
  nft: 'nftables',
  ss: 'iproute2',
  wg: 'wireguard-tools',
};

/** How long one run may take and how much it may print on each of its two streams. */
export interface RunLimits {
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
}

/** The path of a program of that name, or the path itself when it can be run; else null. */
export async function findProgram(name: string): Promise<string | null> {
  const candidates = isAbsolute(name)
    ? [name]
    : SEARCH_PATH.split(':').map((directory) => join(directory, name));
  for (const path of candidates) if (await canRun(path)) return path;
  return null;
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // Whatever keeps us from it, it cannot be run.
  }
}

/** The Fault for a tool that is not on this host. */
export function missingTool(tool: string, cause?: unknown): Fault {
  const name = PACKAGES[tool];
  const remedy = name
    ? `install the package ${name}, or run again with --install-tools`
    : `install ${quoted(tool)} and run it again`;
  const facts = { field: 'tool', value: quoted(tool), why: 'not found', remedy };
  return new Fault('refused', facts, cause);
}

/**
 * Runs a command to its end. A signal that ended it counts as status 128 + number, as in a shell.
 * Fault 'refused' when there is no such tool or an argument holds a NUL, 'timeout' at the deadline,
 * 'internal' when it prints more than it may, or this VM lacks what it takes to start it.
 */
export async function runCommand(command: HostCommand, limits: RunLimits): Promise<HostResult> {
  const [tool, ...operands] = command.argv;
  if (tool === undefined) throw new Error('a command needs a program');
  const shown = quoted(command.argv.join(' '));
  if (command.argv.some((argument) => argument.includes('\0'))) {
    const remedy = 'leave that character out';
    throw new Fault('refused', { field: 'command', value: shown, why: 'holds a NUL', remedy });
  }
  const { execa } = await import('execa'); // Not at start: loading it takes 20 ms.
  const input = command.stdin ? await openInput(command.stdin) : null;
  const child = execa(tool, operands, {
    reject: false,
    cwd: '/',
    env: FIXED_ENVIRONMENT,
    extendEnv: false,
    detached: true, // A process group of its own, for invariant 3.
    encoding: 'buffer',
    maxBuffer: limits.outputBytesMax,
    stripFinalNewline: false,
    // The types of execa know only small descriptors, though it takes any.
    stdin: input === null ? 'ignore' : (input.fd as 3),
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, limits.timeoutMs);
  const result = await child;
  clearTimeout(timer);
  await input?.close();
  if (result.code === 'ENOENT' || result.code === 'EACCES') throw missingTool(tool, result);
  if (isLate) {
    const why = `still running after ${limits.timeoutMs} ms, so it was killed`;
    const remedy = 'see what it waits for by running it by hand, then try again';
    throw new Fault('timeout', { field: 'command', value: shown, why, remedy });
  }
  if (result.isMaxBuffer) {
    killGroup(child.pid);
    const why = `printed more than ${limits.outputBytesMax} bytes`;
    const remedy = 'see what it prints by running it by hand';
    throw new Fault('internal', { field: 'command', value: shown, why, remedy });
  }
  if (isOwnLack(result.code ?? '')) throw notStarted(shown, result);
  const status = result.exitCode ?? statusOfSignal(result.signal);
  if (status === null) throw new Error(`${tool} ended without a status`, { cause: result });
  return { status, stdout: textOf(result.stdout), stderr: textOf(result.stderr) };
}

function notStarted(command: string, cause: { readonly code?: string | undefined }): Fault {
  const why = `could not be started: ${cause.code}`;
  const remedy = 'see what this VM has too little of: descriptors, memory or processes';
  return new Fault('internal', { field: 'command', value: command, why, remedy }, cause);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // ESRCH: everybody in it has ended.
  }
}

function statusOfSignal(signal: NodeJS.Signals | undefined): number | null {
  return signal === undefined ? null : 128 + system.signals[signal];
}

function textOf(output: unknown): string {
  return output instanceof Uint8Array ? new TextDecoder().decode(output) : '';
}

/** A piece of text as one short line: control characters escaped, at most 200 characters. */
function quoted(text: string): string {
  const line = text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
