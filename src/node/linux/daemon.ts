/**
 * Edge: daemon — the whole member on this machine: opens the ten ports, starts the node, serves
 * its API, obeys signals.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import type { Ports } from '../../ports.ts';
import { finishLeave } from '../finish-leave.ts';
import { isLeaving } from '../leave.ts';
import { isInitialised } from '../local-state.ts';
import { startNode } from '../node.ts';
import type { Build } from '../parts.ts';
import { resolveProgram } from './bundle.ts';
import { openClock } from './clock.ts';
import { runToEnd } from './command-run.ts';
import { openCrypto } from './crypto.ts';
import { isDaemonRunning, lockState, removeUnused, runningDaemon } from './daemon-lock.ts';
import { LOG_VARIABLE, ownCommand } from './daemonize.ts';
import { openDisk } from './disk.ts';
import { isTemporary } from './files.ts';
import { FORK_SERVER } from './fork-frames.ts';
import { openForkServer } from './fork-server.ts';
import { openHost } from './host.ts';
import { openLog } from './log.ts';
import { openLogFile } from './log-file.ts';
import { journalBook, noBook, openFileBook } from './log-pages.ts';
import { saveMemory } from './memory.ts';
import { openNet } from './net.ts';
import { openProcess } from './process.ts';
import { openRandom } from './random.ts';
import { socketPath } from './run-directory.ts';
import { openSwarm } from './swarm.ts';
import { announceReady } from './systemd-notify.ts';
import { versionInfo } from './version.ts';

/** Where the state and the sockets are. */
export interface Directories {
  readonly state: string;
  readonly run: string;
}

/** The ten ports on real Linux. Fault 'refused' when the state directory is not as it must be. */
export async function openPorts(
  { state, run }: Directories,
  level: LogLevel,
  { log, logBook }: KeptLog = { log: openLog(level), logBook: noBook },
): Promise<Ports> {
  return {
    clock: openClock(),
    random: openRandom(),
    crypto: openCrypto(),
    disk: await openDisk(state),
    swarm: openSwarm(log),
    host: openHost(runToEnd, log.warn),
    process: openProcess(run, (program) => resolveProgram(program, state)),
    net: openNet(run, log),
    log,
    logBook,
  };
}

/** How long a process may live on after its daemon has ended. Unit: ms. Nobody restarts it. */
const LINGER_MS = 5_000;

type LogLevel = Parameters<typeof openLog>[0];
type KeptLog = Pick<Ports, 'log' | 'logBook'>;

/** Into the file that whoever detached us named; else where standard output goes. */
function daemonLog(): KeptLog {
  const path = process.env[LOG_VARIABLE] ?? '';
  if (path !== '') return { log: openLog('info', openLogFile(path)), logBook: openFileBook(path) };
  // systemd sets it where standard output goes to the journal.
  const isInJournal = process.env.JOURNAL_STREAM !== undefined;
  return { log: openLog('info'), logBook: isInJournal ? journalBook : noBook };
}

/** Runs the member until a signal, `stop` or `leave` ends it. One daemon per state directory. */
export async function runDaemon(directories: Directories): Promise<void> {
  const kept = daemonLog();
  // By this path it is the file that we run as, also where another has taken its place.
  const forkServer = ownCommand('/proc/self/exe', [FORK_SERVER]);
  const host = openHost(openForkServer(forkServer, kept.log), kept.log.warn);
  const ports = { ...(await openPorts(directories, 'info', kept)), host };
  const unlock = await lockState(directories.state, directories.run, 'daemon');
  let isGone = false;
  try {
    const build = versionInfo();
    if (await isLeaving(ports.disk)) {
      await finishLeave(ports, build);
      await announceReady(ports.log); // To end without a word would be a failure to systemd.
    } else await runMember(ports, build);
    isGone = !(await isInitialised(ports.disk));
    if (isGone) await forgetState(directories);
  } finally {
    await unlock();
    if (isGone) await forgetRun(directories);
    setTimeout(() => process.exit(), LINGER_MS).unref(); // Runs only when something is left open.
  }
}

async function runMember(ports: Ports, build: Build): Promise<void> {
  let unserve = async (): Promise<void> => undefined;
  const node = await startNode(ports, build, async (api) => {
    unserve = await ports.net.serveApi(api);
  });
  const stop = () => void node.stop().catch(() => undefined); // `done` says it as well.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  saveMemory();
  ports.log.info('started', { version: build.version, commit: build.commit, member: node.self });
  void node.settled.then(() => announceReady(ports.log));
  try {
    await node.done;
  } finally {
    await unserve();
  }
  ports.log.info('stopped');
}

/**
 * Runs `erase` on what a member left on this VM, without a daemon. Fault 'refused' while one runs;
 * another command is waited for, so that two of them at once are as good as one.
 */
export async function eraseHere<Result>(
  directories: Directories,
  erase: (ports: Ports) => Promise<Result>,
): Promise<Result> {
  const ports = await openPorts(directories, 'error');
  const unlock = await lockPatiently(directories);
  try {
    const result = await erase(ports);
    if (!(await isInitialised(ports.disk))) await forgetState(directories);
    return result;
  } finally {
    await unlock();
  }
}

/** Longest wait for another command, and pause between two tries. Unit: ms. */
const LOCK_MS = 20_000;
const RETRY_MS = 50;

async function lockPatiently({ state, run }: Directories): Promise<() => Promise<void>> {
  const deadlineMs = performance.now() + LOCK_MS;
  for (;;) {
    try {
      return await lockState(state, run);
    } catch (error) {
      const isHeld = error instanceof Fault && error.facts.field === 'state';
      if (!isHeld || performance.now() > deadlineMs || (await runningDaemon(run)) !== null) {
        throw error;
      }
      await sleep(RETRY_MS);
    }
  }
}

/**
 * What the binary wrote out of itself is of no use to a VM that has left, nor is its directory once
 * that is empty: whoever holds it still, a mount or a unit, keeps it.
 */
async function forgetState({ state }: Directories): Promise<void> {
  await rm(join(state, 'bin'), { recursive: true, force: true });
  // We hold the lock: nobody writes, though a process may have got the number of a dead writer.
  const names = await readdir(state).catch(() => []);
  for (const name of names.filter(isTemporary)) await rm(join(state, name), { force: true });
  await rmdir(state).catch(() => undefined);
}

/** Where wireguard-go has its sockets; it makes the directory and never removes it. */
const ENGINE_RUN = '/run/wireguard';

/** The same for the run directory, where a daemon that was killed may have left its socket. */
export async function forgetRun({ state, run }: Directories): Promise<void> {
  if (await isDaemonRunning(state)) return; // Somebody is here again.
  await removeUnused(state, run, [socketPath(run)]);
  for (const directory of [run, ENGINE_RUN]) await rmdir(directory).catch(() => undefined);
}
