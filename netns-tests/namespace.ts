/**
 * Edge: namespace — a process that holds Linux namespaces, and programs run inside them.
 *
 * 1. Namespaces live as long as their holder; what it made (links, mounts, rules, processes of its
 *    pid namespace) is gone with it. Nothing has a name that could collide or be left behind.
 * 2. A holder ends with the process that opened it, however that ends, unless it is to be kept.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type CommandOptions, execute, must, type Outcome, SEARCH_PATH } from './command.ts';

/** Namespaces of one machine. */
export interface Namespace {
  /** The holder as the machine outside sees it; for a whole VM the init process. */
  readonly pid: number;
  /** Runs a program inside. */
  run(argv: readonly string[], options?: CommandOptions): Promise<Outcome>;
  /** Runs a program inside that must succeed; gives its standard output. */
  must(argv: readonly string[], options?: CommandOptions): Promise<string>;
  /** The words that run a program inside, for those who start it themselves. */
  enter(argv: readonly string[]): readonly string[];
  /** The same, but only its network: for programs of the machine outside. */
  enterNetwork(argv: readonly string[]): readonly string[];
  /** Kills the holder and everything in its pid namespace. Harmless when it is dead. */
  end(): Promise<void>;
}

/** `network`: the network alone. `machine`: also its own mounts, processes and host name. */
export type NamespaceKind = 'network' | 'machine';

/** What a kind is: for unshare, which makes it, for nsenter, which goes in; and what holds it. */
interface KindWords {
  readonly make: readonly string[];
  readonly go: readonly string[];
  readonly hold: string;
}

const KINDS: Readonly<Record<NamespaceKind, KindWords>> = {
  network: { make: ['--net'], go: ['--net'], hold: 'exec sleep infinity' },
  machine: {
    make: [
      ...['--net', '--mount', '--pid', '--uts', '--ipc'],
      ...['--fork', '--kill-child', '--mount-proc'],
    ],
    go: ['--net', '--mount', '--pid', '--uts', '--ipc'],
    // The shell waits for any child, so orphans are reaped as a real init does it.
    hold: 'sleep infinity & wait',
  },
};

/** Holders that run; they end with this process. */
const holders = new Set<() => void>();
process.on('exit', () => {
  for (const kill of holders) kill();
});

/**
 * Opens namespaces and runs the shell lines `setup` inside, as their first process. `isKept`: they
 * outlive this process.
 */
export async function openNamespace(
  kind: NamespaceKind,
  setup: string,
  isKept = false,
): Promise<Namespace> {
  const script = `set -e\n${setup}\necho up\nset +e\n${KINDS[kind].hold}`;
  const leash = isKept ? [] : ['setpriv', '--pdeathsig', 'KILL'];
  const [command = '', ...argv] = [
    ...leash,
    ...['unshare', ...KINDS[kind].make, 'sh', '-c', script],
  ];
  const holder = spawn(command, argv, {
    cwd: '/',
    env: { PATH: SEARCH_PATH },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await awaitUp(holder);
  const pid = kind === 'machine' ? onlyChild(holder.pid ?? 0) : (holder.pid ?? 0);
  return namespaceOf(kind, holder, pid, isKept);
}

function namespaceOf(
  kind: NamespaceKind,
  holder: ChildProcess,
  pid: number,
  isKept: boolean,
): Namespace {
  const enter = (argv: readonly string[]): readonly string[] => [
    ...['nsenter', `--target=${pid}`, ...KINDS[kind].go],
    ...(kind === 'machine' ? ['--wd=/'] : []),
    ...['--', ...argv],
  ];
  const isAlive = (): boolean => holder.exitCode === null && holder.signalCode === null;
  const kill = (): void => {
    if (isAlive()) process.kill(pid, 'SIGKILL');
  };
  if (isKept) {
    holder.unref();
    holder.stdout?.destroy();
    holder.stderr?.destroy();
  } else holders.add(kill);
  return {
    pid,
    enter,
    enterNetwork: (argv) => ['nsenter', `--target=${pid}`, '--net', '--', ...argv],
    run: (argv, options) => execute(enter(argv), options),
    must: (argv, options) => must(enter(argv), options),
    end: async () => {
      holders.delete(kill);
      if (!isAlive()) return;
      const ended = new Promise((resolve) => holder.once('exit', resolve));
      holder.ref(); // Whoever waits for its end has to be kept waiting.
      kill();
      await ended;
    },
  };
}

/** Resolves when the setup is done; rejects with what it said when it ended instead. */
function awaitUp(holder: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    holder.stdout?.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.endsWith('up\n')) resolve();
    });
    holder.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    holder.once('error', reject);
    holder.once('exit', (status) => reject(new Error(`no namespace (${status}): ${said}`)));
  });
}

/** The one child of a process: `unshare --fork` has the init of the new pid namespace. */
function onlyChild(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
