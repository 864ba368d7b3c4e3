/**
 * Edge: main — argv to the CLI, and what the CLI needs of this machine: the only file that knows
 * the node and its edges.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { runCli } from './cli/cli.ts';
import type { Local, Places } from './cli/local.ts';
import { Fault } from './fault.ts';
import { FORK_SERVER } from './node/linux/fork-frames.ts';
import { versionInfo } from './node/linux/version.ts';

const { version, commit } = versionInfo();
let hearsErrors = false;
/** Node makes its stream at the first use, in 3 ms, which most commands never need. */
const err = (line: string): void => {
  if (!hearsErrors) process.stderr.on('error', endQuietly);
  hearsErrors = true;
  process.stderr.write(line);
};

/** Loaded when needed: libp2p and its kind double the time to the first line of output. */
const acts = () => import('./node/linux/acts.ts');

/** Loaded when needed as well: each of Node's own takes 1 to 2 ms. */
const files = () => import('node:fs/promises');

/** The same of what needs to encrypt. */
const backupActs = () => import('./node/linux/backup-acts.ts');

/** What of a width is believed; terminals without a size say 0. */
const COLUMNS_MIN = 20;
const COLUMNS_MAX = 1_000;
/** Where nobody said how wide the output is. */
const COLUMNS_USUAL = 80;
/** Of a process that Ctrl-C ended; shells say 128 and the signal's number. */
const INTERRUPTED_STATUS = 130;

/** How a tone looks on a terminal that shows colours; `styleText` heeds NO_COLOR and pipes. */
const STYLES = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  dim: 'dim',
  strong: 'bold',
} as const;

const local: Local = {
  version: `cnsmo ${version} (${commit})`,
  init: async (places, flags, keepCode, watch) =>
    (await acts()).initHere(places, flags, keepCode, watch),
  join: async (places, token, flags, watch) => (await acts()).joinHere(places, token, flags, watch),
  backup: async (places, file, withKeys) => (await backupActs()).backupHere(places, file, withKeys),
  restore: async (places, file, flags, watch) =>
    (await backupActs()).restoreHere(places, file, flags, watch),
  daemon: async (places) => (await acts()).daemonHere(places),
  start: async (places, timeoutMs) => (await acts()).startHere(places, timeoutMs),
  stop: async (places, timeoutMs) => (await acts()).stopHere(places, timeoutMs),
  leaveLocal: async (places) => (await acts()).leaveHere(places),
  finishLeave: async (places) => (await acts()).finishLeaveHere(places),
  forget: async (places) => (await acts()).forgetHere(places),
  logs: async (places, wish, onLine) => (await acts()).logsHere(places, wish, onLine),
  hasDaemon: async ({ run }) => {
    const { runningDaemon } = await import('./node/linux/daemon-lock.ts');
    return (await runningDaemon(run)) !== null;
  },
  isMember,
  call: async ({ run }, request, timeoutMs) => {
    const [{ callApi }, { socketPath }] = await Promise.all([
      import('./node/linux/api-client.ts'),
      import('./node/linux/run-directory.ts'),
    ]);
    return await callApi(socketPath(run), request, timeoutMs);
  },
  writeSecret,
  readSecret,
  readInput,
  readHidden: async (prompt) => {
    const { readHidden } = await import('./node/linux/hidden-input.ts');
    err(prompt);
    const line = await readHidden(process.stdin);
    err('\n');
    return line ?? process.exit(INTERRUPTED_STATUS);
  },
  takeEnv: (name) => {
    const value = process.env[name];
    delete process.env[name];
    return value;
  },
  caller: async () => {
    const { sshCaller } = await import('./node/linux/ssh-caller.ts');
    return await sshCaller(process.env.SSH_CONNECTION);
  },
  runHere: async (argv, stdin) => {
    const { openHost } = await import('./node/linux/host.ts');
    return await openHost().run({ argv, stdin: new TextEncoder().encode(stdin) });
  },
  // Asked for when needed: each of the three streams takes Node some 3 ms to make.
  get isInputTerminal() {
    return process.stdin.isTTY === true;
  },
  get isErrorTerminal() {
    return process.stderr.isTTY === true;
  },
  onInterrupt: (act) => {
    const end = (): never => {
      act();
      process.exit(INTERRUPTED_STATUS);
    };
    process.once('SIGINT', end);
    return () => void process.off('SIGINT', end);
  },
  page: {
    columns: pageColumns(),
    isTerminal: process.stdout.isTTY === true,
    paint: (tone, line) => styleText(STYLES[tone], line, { stream: process.stdout }),
  },
  out: (line) => void process.stdout.write(line),
  err,
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    sleep(durationMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

/** As COLUMNS says, else as the terminal does. */
function pageColumns(): number {
  const sizes = [Number(process.env.COLUMNS), process.stdout.columns];
  const isSize = (size: number): boolean => size >= COLUMNS_MIN && size <= COLUMNS_MAX;
  return Math.floor(sizes.find(isSize) ?? COLUMNS_USUAL);
}

async function isMember({ state }: Places): Promise<boolean | null> {
  try {
    const { access } = await files();
    await access(join(state, 'genesis'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? null : false;
  }
}

async function writeSecret(path: string, content: string): Promise<void> {
  try {
    const { open } = await files();
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(content);
    await file.sync();
    await file.close();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'name a file that does not exist, in a directory that does';
    throw new Fault('refused', { field: 'recovery-file', value: path, why, remedy }, error);
  }
}

async function readSecret(path: string): Promise<string> {
  try {
    const { readFile } = await files();
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'name a file that can be read';
    throw new Fault('refused', { field: 'file', value: path, why, remedy }, error);
  }
}

/** What is piped in, whole; from a terminal one line, for nobody there ends a file. */
async function readInput(): Promise<string> {
  if (process.stdin.isTTY !== true) {
    const { text } = await import('node:stream/consumers');
    return await text(process.stdin);
  }
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  return '';
}

/** Whoever read our output, `head` for one, has seen enough. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

async function main(): Promise<void> {
  process.umask(0o077);
  if (process.argv[2] === FORK_SERVER) {
    const { serveForks } = await import('./node/linux/fork-server-main.ts');
    if (serveForks()) return; // Else a person's word, and no command.
  }
  process.stdout.on('error', endQuietly);
  process.exitCode = await runCli(process.argv.slice(2), local);
}

void main();
