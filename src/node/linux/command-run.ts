/**
 * Edge: command run — one child process from its start to its end.
 *
 * 1. A run ends in bounded time and memory: at the deadline, or when it prints too much, the whole
 *    process group is killed, since a grandchild that holds our pipe would keep us waiting.
 */
import type { FileHandle } from 'node:fs/promises';
import { constants as system } from 'node:os';
import type { Readable } from 'node:stream';
import type { HostResult } from '../../ports.ts';
import { codeOf } from './files.ts';
import { joinPieces, openText } from './output-text.ts';
import { ownTurn } from './turns.ts';

/** How long one run may take and how much it may print on each of its two streams. */
export interface RunLimits {
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
}

/** One run: what `HostCommand` says, its input open, and all that bounds it. */
export interface Run {
  readonly argv: readonly string[];
  readonly isUnheard: boolean;
  readonly input: FileHandle | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
}

/** What a run came to. */
export type Ended =
  | { readonly kind: 'ended'; readonly result: HostResult }
  | { readonly kind: 'unstarted'; readonly error: unknown }
  | { readonly kind: 'late' | 'verbose' };

/** Who runs it: this process, or another for it. */
export type RunToEnd = (run: Run) => Promise<Ended>;

/** Runs it to its end. Rejects only for what is a bug. */
export async function runToEnd({
  argv: [tool = '', ...operands],
  isUnheard,
  input,
  environment,
  limits,
}: Run): Promise<Ended> {
  const { execa } = await import('execa'); // Not at start: loading it takes 20 ms.
  await ownTurn(); // A start holds everybody up for some ms: the kernel copies the page tables.
  const child = execa(tool, operands, {
    reject: false,
    cwd: '/',
    env: environment,
    extendEnv: false,
    detached: true, // A process group of its own, for invariant 1.
    buffer: false, // What execa gathers it also puts into its errors: gigabytes for 32 MiB.
    // The types of execa know only small descriptors, though it takes any.
    stdin: input === null ? 'ignore' : (input.fd as 3),
    stdout: isUnheard ? 'ignore' : 'pipe',
    stderr: isUnheard ? 'ignore' : 'pipe',
  });
  let why: 'late' | 'verbose' | null = null;
  const end = (reason: typeof why): void => {
    why ??= reason;
    killGroup(child.pid);
    // Whoever left the group may hold our pipes, and is waited for no longer.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const gather = (stream: Readable | null) =>
    openOutput(stream, limits.outputBytesMax, () => end('verbose'));
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  const timer = setTimeout(() => end('late'), limits.timeoutMs);
  const result = await child;
  clearTimeout(timer);
  if (why !== null) return { kind: why };
  if (isUnheard) end(null); // Nobody who is left was waited for.
  const status = result.exitCode ?? statusOfSignal(result.signal);
  if (status === null) return { kind: 'unstarted', error: result };
  const texts = { stdout: await joinPieces(stdout()), stderr: await joinPieces(stderr()) };
  return { kind: 'ended', result: { status, ...texts } };
}

/** Gathers the text of what a stream says, up to so many bytes. */
function openOutput(stream: Readable | null, bytesMax: number, onMore: () => void): () => string {
  const { add, whole } = openText();
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) onMore();
    else add(chunk);
  });
  return whole;
}

const statusOfSignal = (signal: NodeJS.Signals | undefined): number | null =>
  signal === undefined ? null : 128 + system.signals[signal];

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // ESRCH: everybody in it has ended.
  }
}
