/**
 * Edge: command — runs one program to its end, without a shell and in a fixed environment.
 *
 * 1. Arguments reach the program literally; nothing between us and it reads them.
 * 2. The environment is fixed, so that no variable of whoever started us changes what a tool does
 *    or prints, and no secret of ours reaches it.
 * 3. A run ends in bounded time and memory (`command-run.ts`).
 */
import { constants } from 'node:fs';
import { access, type FileHandle, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { HostCommand, HostResult } from '../../ports.ts';
import { packageText } from '../rules/tool-packages.ts';
import { openInput } from './command-input.ts';
import { type RunLimits, type RunToEnd, runToEnd } from './command-run.ts';
import { environmentOf, SEARCH_PATH } from './environment.ts';
import { codeOf } from './files.ts';

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
  const name = packageText(tool);
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
export async function runCommand(
  command: HostCommand,
  limits: RunLimits,
  {
    environment = environmentOf(command.argv[0] ?? ''),
    run = runToEnd,
  }: { environment?: Readonly<Record<string, string>>; run?: RunToEnd } = {},
): Promise<HostResult> {
  const [tool] = command.argv;
  if (tool === undefined) throw new Error('a command needs a program');
  const shown = quoted(command.argv.join(' '));
  if (command.argv.some((argument) => argument.includes('\0'))) {
    const remedy = 'leave that character out';
    throw new Fault('refused', { field: 'command', value: shown, why: 'holds a NUL', remedy });
  }
  const input = command.stdin ? await openInput(command.stdin) : null;
  const { argv, isUnheard = false } = command;
  const ended = await runWith(input, () => run({ argv, isUnheard, input, environment, limits }));
  switch (ended.kind) {
    case 'ended':
      return ended.result;
    case 'unstarted':
      throw notStarted(tool, shown, ended.error);
    case 'late': {
      const why = `still running after ${limits.timeoutMs} ms, so it was killed`;
      const remedy = 'see what it waits for by running it by hand, then try again';
      throw new Fault('timeout', { field: 'command', value: shown, why, remedy });
    }
    case 'verbose': {
      const why = `printed more than ${limits.outputBytesMax} bytes`;
      const remedy = 'see what it prints by running it by hand';
      throw new Fault('internal', { field: 'command', value: shown, why, remedy });
    }
  }
}

/** Closes the input however the run ends. */
async function runWith<Result>(
  input: FileHandle | null,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } finally {
    await input?.close();
  }
}

/** What the kernel says of a name at which no program is. */
const NOT_THERE: ReadonlySet<string> = new Set([
  ...['ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'],
]);

/** The Fault for what could not be started; what the system gives no reason for is a bug. */
function notStarted(tool: string, command: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === '' || code.startsWith('ERR_')) return cause;
  if (NOT_THERE.has(code)) return missingTool(tool, cause);
  const why = `could not be started: ${code}`;
  const remedy =
    'see that nobody writes to its file, and what this VM has too little of: descriptors, memory ' +
    'or processes';
  return new Fault('internal', { field: 'command', value: command, why, remedy }, cause);
}

/** A piece of text as one short line: control characters escaped, at most 200 characters. */
function quoted(text: string): string {
  const line = text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
