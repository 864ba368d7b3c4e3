/**
 * Edge: daemon — the whole member on this machine: opens the nine ports, starts the node, serves
 * its API, obeys signals.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ports } from '../../ports.ts';
import { eraseState, isLeaving } from '../leave.ts';
import { isInitialised } from '../local-state.ts';
import { startNode } from '../node.ts';
import { resolveProgram } from './bundle.ts';
import { openClock } from './clock.ts';
import { openCrypto } from './crypto.ts';
import { lockState } from './daemon-lock.ts';
import { openDisk } from './disk.ts';
import { openHost } from './host.ts';
import { openLog } from './log.ts';
import { openNet } from './net.ts';
import { openProcess } from './process.ts';
import { openRandom } from './random.ts';
import { openSwarm } from './swarm.ts';
import { versionInfo } from './version.ts';

/** Where the state and the sockets are. */
export interface Directories {
  readonly state: string;
  readonly run: string;
}

/** The nine ports on real Linux. Fault 'refused' when the state directory is not as it must be. */
export async function openPorts({ state, run }: Directories, level: LogLevel): Promise<Ports> {
  const log = openLog(level);
  return {
    clock: openClock(),
    random: openRandom(),
    crypto: openCrypto(),
    disk: await openDisk(state),
    swarm: openSwarm(log),
    host: openHost(),
    process: openProcess(run, (program) => resolveProgram(program, state)),
    net: openNet(run, log),
    log,
  };
}

/** How long a process may live on after its daemon has ended. Unit: ms. Nobody restarts it. */
const LINGER_MS = 5_000;

type LogLevel = Parameters<typeof openLog>[0];

/** Runs the member until a signal, `stop` or `leave` ends it. One daemon per state directory. */
export async function runDaemon(directories: Directories): Promise<void> {
  const ports = await openPorts(directories, 'info');
  const unlock = await lockState(directories.state, directories.run, 'daemon');
  try {
    if (await isLeaving(ports.disk)) {
      await eraseState(ports);
      await forgetPrograms(directories);
      return;
    }
    const build = versionInfo();
    const node = await startNode(ports, build);
    const unserve = await ports.net
      .serveApi((request) => node.api(request))
      .catch(async (error: unknown) => {
        await node.stop(); // A node that nobody can ask must not live on.
        throw error;
      });
    const stop = () => void node.stop().catch(() => undefined); // `done` says it as well.
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    ports.log.info('started', { version: build.version, commit: build.commit, member: node.self });
    try {
      await node.done;
    } finally {
      await unserve();
    }
    ports.log.info('stopped');
    if (!(await isInitialised(ports.disk))) await forgetPrograms(directories);
  } finally {
    await unlock();
    setTimeout(() => process.exit(), LINGER_MS).unref(); // Runs only when something is left open.
  }
}

/**
 * Undoes and deletes what a member left on this VM, without a daemon. Fault 'refused' while one
 * runs.
 */
export async function eraseHere(directories: Directories): Promise<void> {
  const ports = await openPorts(directories, 'error');
  const unlock = await lockState(directories.state, directories.run);
  try {
    await eraseState(ports);
    await forgetPrograms(directories);
  } finally {
    await unlock();
  }
}

/** What the binary wrote out of itself is of no use to a VM that has left. */
const forgetPrograms = ({ state }: Directories): Promise<void> =>
  rm(join(state, 'bin'), { recursive: true, force: true });
