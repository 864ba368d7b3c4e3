/**
 * Edge: Perl — small programs that talk in a namespace, for a bench: no slower than it must be, and
 * there on every machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Namespace } from '../netns-tests/namespace.ts';
import { leashed } from './leash.ts';

/** One that runs: what it is told goes to its standard input. */
export interface PerlProgram {
  readonly child: ChildProcess;
  /** What it says. */
  readonly lines: AsyncIterator<string>;
}

/**
 * Starts a program in a namespace; its first line says that it is up. All of them run on one core:
 * whether two that talk share one would change more than what is measured.
 */
export async function startPerl(
  at: Namespace,
  program: string,
  words: readonly string[] = [],
): Promise<PerlProgram> {
  const argv = [...ONE_CORE, 'perl', '-e', program, ...words];
  const [command = '', ...rest] = leashed(at.enter(argv));
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { done } = await lines.next();
  if (done === true) throw new Error('a program of a bench ended as it started');
  return { child, lines };
}

/** The words that keep a program to the first core. */
export const ONE_CORE: readonly string[] = ['taskset', '-c', '0'];

/** How long a process has run, ms: exact, unlike the ticks of `/proc/…/stat`. */
export const runMs = ({ pid }: ChildProcess): number =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
