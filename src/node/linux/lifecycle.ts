/**
 * Edge: lifecycle — starts and stops the daemon of this machine: as the systemd unit where
 * systemd runs, else detached.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import type { Host } from '../../ports.ts';
import { callApi } from './api-client.ts';
import type { Directories } from './daemon.ts';
import { isDaemonRunning, runningDaemon } from './daemon-lock.ts';
import { startDetached } from './daemonize.ts';
import { codeOf } from './files.ts';
import { socketPath } from './run-directory.ts';
import { startUnit, stopUnit, whyNotStarted } from './systemd.ts';

/**
 * Longest wait for the daemon to answer or to be gone. Unit: ms. It answers after 0.4 s on an idle
 * machine, after 30 s where twenty start at once on two cores; one that ends is seen at once.
 */
const START_MS = 60_000;
const STOP_MS = 20_000;
/** A command may have taken the state just before our daemon did, and have let go of it since. */
const STARTS_MAX = 2;
/** Pause between two looks. Unit: ms. */
const LOOK_MS = 50;
/** systemd is asked how it goes on every tenth look: each question is a process. */
const LOOKS_PER_QUESTION = 10;
/** Longest wait for one answer of the API while looking. Unit: ms. */
const CALL_MS = 2_000;

/** Where systemd keeps the unit's directories; others run detached, also where systemd runs. */
const UNIT_DIRECTORIES: Directories = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };

/**
 * Starts the daemon and waits until it answers. Harmless when it runs, or another command is just
 * starting it. `check` throws the Fault for a state that no daemon can run on: a leave may come in
 * between at any time. Fault 'internal' naming the log when it ends, 'timeout' when somebody else
 * has the state all the time.
 */
export async function startDaemon(
  host: Host,
  directories: Directories,
  check: () => Promise<void>,
  timeoutMs: number | null = null,
): Promise<void> {
  await check();
  const deadlineMs = performance.now() + (timeoutMs ?? START_MS);
  if (await usesUnit(host, directories)) await startAsUnit(host, directories, deadlineMs);
  else await startAlone(directories, check, deadlineMs);
}

async function startAsUnit(
  host: Host,
  directories: Directories,
  deadlineMs: number,
): Promise<void> {
  if (await answers(directories)) return;
  await startUnit(host, { ...directories, binary: process.execPath });
  const remedy = 'read why in: journalctl -u cnsmo';
  for (let looks = 1; performance.now() < deadlineMs; looks += 1) {
    if (await answers(directories)) return;
    const why = looks % LOOKS_PER_QUESTION === 0 ? await whyNotStarted(host) : null;
    // Where a command has the state, systemd tries again when that has let go.
    if (why !== null && !(await isDaemonRunning(directories.state))) {
      throw notStarted(directories, why, remedy);
    }
    await sleep(LOOK_MS);
  }
  throw notStarted(directories, 'does not answer', remedy);
}

async function startAlone(
  directories: Directories,
  check: () => Promise<void>,
  deadlineMs: number,
): Promise<void> {
  const log = join(directories.state, 'log');
  const remedy = `read why in ${log}`;
  let pid: number | null = null;
  let starts = 0;
  while (performance.now() < deadlineMs) {
    if (await answers(directories)) return;
    const isAwaited = pid !== null && isRunning(pid);
    // Whoever has the state is a daemon that will answer, or a command that will let go.
    if (!isAwaited && !(await isDaemonRunning(directories.state))) {
      if (starts > 0) await check();
      if (starts === STARTS_MAX) throw notStarted(directories, 'ended at once', remedy);
      const { state, run } = directories;
      const argv = ['daemon', '--state', state, '--run', run];
      pid = await startDetached(argv, log).catch(async (error: unknown) => {
        await check(); // A leave may have taken the directory away since.
        throw error;
      });
      starts += 1;
    }
    await sleep(LOOK_MS);
  }
  if (starts > 0) throw notStarted(directories, 'does not answer', remedy);
  throw busy(directories);
}

const notStarted = ({ state }: Directories, what: string, remedy: string): Fault =>
  new Fault('internal', { field: 'daemon', value: state, why: `started, but ${what}`, remedy });

const busy = ({ state }: Directories): Fault =>
  new Fault('timeout', {
    field: 'daemon',
    value: state,
    why: 'another process works there, and answers nothing',
    remedy: 'wait for it to end, then try again',
  });

/** Our own child, so its pid is no other's while we run. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Stops the daemon and waits until it is gone: as the unit, then by asking, then by SIGTERM when it
 * does not answer. Harmless when none runs.
 */
export async function stopDaemon(
  host: Host,
  directories: Directories,
  timeoutMs: number | null = null,
  unitDirectories = UNIT_DIRECTORIES,
): Promise<void> {
  const deadlineMs = performance.now() + (timeoutMs ?? STOP_MS);
  if (await usesUnit(host, directories, unitDirectories)) await stopUnit(host);
  // Also where there is a unit: a daemon may have been started by hand.
  if (!(await askToStop(directories))) await terminate(directories);
  await awaitGone(directories, Math.max(0, deadlineMs - performance.now()));
}

/** Waits until no daemon holds the state. Fault 'timeout' when one still does. */
export async function awaitGone(directories: Directories, timeoutMs = STOP_MS): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (await isDaemonRunning(directories.state)) {
    if (performance.now() > deadlineMs) {
      throw new Fault('timeout', {
        field: 'daemon',
        value: directories.state,
        why: 'still runs',
        remedy: 'try again; if it stays, end the process cnsmo daemon',
      });
    }
    await sleep(LOOK_MS);
  }
}

/** Whether the unit runs the daemon of these directories. */
export async function usesUnit(
  host: Host,
  { state, run }: Directories,
  unitDirectories = UNIT_DIRECTORIES,
): Promise<boolean> {
  const isUsual = state === unitDirectories.state && run === unitDirectories.run;
  return isUsual && (await host.facts()).hasSystemd;
}

/** Whether it said that it will. Fault 'forbidden' when it may not be asked. */
async function askToStop(directories: Directories): Promise<boolean> {
  const request = { method: 'POST', path: '/v1/stop', query: {}, body: null } as const;
  try {
    return (await callApi(socketPath(directories.run), request, CALL_MS)).status === 200;
  } catch (error) {
    if (error instanceof Fault && error.code !== 'forbidden') return false;
    throw error;
  }
}

/** The process that the daemon itself wrote down, and no other that has its pid by now. */
async function terminate({ run }: Directories): Promise<void> {
  const daemon = await runningDaemon(run);
  if (daemon === null) return;
  try {
    process.kill(daemon.pid, 'SIGTERM');
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return; // It ended by itself.
    const why = 'does not answer, and may not be signalled by this user';
    const facts = {
      field: 'daemon',
      value: `process ${daemon.pid}`,
      why,
      remedy: 'run it as root',
    };
    throw new Fault('forbidden', facts, error);
  }
}

const isMissing = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => false,
    (error) => codeOf(error) === 'ENOENT',
  );

async function answers(directories: Directories): Promise<boolean> {
  const request = { method: 'GET', path: '/v1/status', query: {}, body: null } as const;
  const path = socketPath(directories.run);
  // Twenty times a second: a question takes a millisecond of the CPU that the daemon starts on.
  if (await isMissing(path)) return false;
  try {
    return (await callApi(path, request, CALL_MS)).status === 200;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
