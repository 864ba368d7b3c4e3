/**
 * Edge: line stream — runs a monitor, hands on its lines, and never outlives the daemon.
 *
 * Node cannot ask the kernel to kill a child with its parent; `setpriv --pdeathsig` of
 * util-linux can, and is used where it is there.
 */
import { spawn } from 'node:child_process';
import { Fault } from '../../fault.ts';
import { findProgram, runCommand } from './command.ts';
import { FIXED_ENVIRONMENT } from './environment.ts';
import { openLineSplitter } from './line-splitter.ts';
import { ownTurn } from './turns.ts';

/** Runs `argv` and hands on its lines until it ends or `signal` aborts; resolves then. */
export async function followLines(
  argv: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [tool = '', ...operands] = argv;
  const path = await findProgram(tool);
  if (path === null || signal.aborted) return;
  const before = await guarded();
  await ownTurn();
  if (signal.aborted) return;
  const [program = path, ...rest] = [...before, path, ...operands];
  const child = spawn(program, rest, {
    cwd: '/',
    env: FIXED_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  const lines = openLineSplitter((line) => {
    if (!signal.aborted) onLine(line);
  });
  child.stdout.on('data', lines.push);
  const ended = new AbortController();
  await new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
    signal.addEventListener('abort', () => resolve(), { signal: ended.signal });
  });
  ended.abort();
  process.off('exit', kill);
  kill();
  child.stdout.destroy();
  lines.end();
}

/**
 * The same for all monitors, those too that start while it is tried, as a daemon's do; where it
 * did not work, it is tried again.
 */
const guarded = (() => {
  let trying: Promise<readonly string[]> | null = null;
  return async (): Promise<readonly string[]> => {
    trying ??= deathGuard();
    const words = await trying;
    if (words.length === 0) trying = null;
    return words;
  };
})();

/** The words before a command that make it die with us, or none where that cannot be had. */
async function deathGuard(): Promise<readonly string[]> {
  const words = ['setpriv', '--pdeathsig', 'KILL', '--'];
  try {
    const limits = { timeoutMs: 2_000, outputBytesMax: 10_000 };
    const tried = await runCommand({ argv: [...words, 'true'] }, limits);
    return tried.status === 0 ? words : []; // util-linux before 2.33 does not know the option.
  } catch (error) {
    if (error instanceof Fault) return []; // Not there, or stuck.
    throw error;
  }
}
