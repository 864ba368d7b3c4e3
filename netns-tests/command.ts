/**
 * Edge: command — runs one program of this machine to its end and keeps what it said.
 */
import { spawn } from 'node:child_process';

/** How a program ended. `status` null: it was killed, by its deadline or by somebody else. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Killed after this long, default 60 s. */
  readonly timeoutMs?: number;
}

/** Longest run when nothing else is said. */
const TIMEOUT_MS = 60_000;

/** Where programs are looked for, here and in every VM. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What every program is told of its surroundings, and nothing else: not a variable of ours. */
const ENVIRONMENT = { PATH: SEARCH_PATH, HOME: '/root', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };

/** Runs a program. A status other than 0 is an outcome; rejects only when it cannot be started. */
export function execute(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const [command = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      cwd: '/',
      env: { ...ENVIRONMENT, ...options.env },
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    }
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...said }));
    child.stdin.on('error', () => {}); // It may end without having read all of it.
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program that must succeed, and gives its standard output. */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await execute(argv, options);
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`${argv.join(' ')} ended with ${outcome.status}: ${outcome.stderr.trim()}`);
}
