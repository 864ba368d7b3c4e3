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
import { type Detached, startDetached } from './daemonize.ts';
import { codeOf } from './files.ts';
import { socketPath } from './run-directory.ts';
import { startUnit, stopUnit, whyNotStarted } from './systemd.ts';

/**
 * Longest wait for a daemon that lives to answer. Unit: ms. It answers after 0.4 s on an idle
 * machine, after a minute and more where twenty start at once on two slow cores, and with a
 * twentieth of one; one that ends is seen at once.
 */
const START_MS = 180_000;
/** Longest wait for one to be gone, where all takes as long. Unit: ms. */
const STOP_MS = 60_000;
/** A command may have taken the state just before our daemon did, and have let go of it since. */
const STARTS_MAX = 2;
/** Pause between two looks. Unit: ms. */
const LOOK_MS = 50;
/** systemd is asked how it goes on every tenth look: each question is a process. */
const LOOKS_PER_QUESTION = 10;
/**
 * Longest wait for an answer of a daemon that may be stuck, and has to be replaced. Unit: ms. From
 * one that starts an answer is awaited to the end: whoever gives up and asks anew may never get one
 * where each takes longer.
 */
const CALL_MS = 2_000;

/** Where systemd keeps the unit's directories; others run detached, also where systemd runs. */
const UNIT_DIRECTORIES: Directories = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };

/**
 * Starts the daemon and waits until it answers. Harmless when it runs, or another command is just
 * starting it. `check` throws the Fault for a state that no daemon can run on: a leave may come in
 * between at any time. Fault 'internal' with its last word when it ends, 'timeout' when it does not
 * answer yet, and starts on, or when somebody else has the state all the time.
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
  if (await answers(directories, CALL_MS)) return;
  await startUnit(host, { ...directories, binary: process.execPath });
  const log = 'journalctl -u cnsmo';
  for (let looks = 1; performance.now() < deadlineMs; looks += 1) {
    if (await answers(directories, deadlineMs - performance.now())) return;
    const why = looks % LOOKS_PER_QUESTION === 0 ? await whyNotStarted(host) : null;
    // Where a command has the state, systemd tries again when that has let go.
    if (why !== null && !(await isDaemonRunning(directories.state))) {
      throw notStarted(directories, why, log);
    }
    await sleep(LOOK_MS);
  }
  throw stillStarting(directories, log);
}

async function startAlone(
  directories: Directories,
  check: () => Promise<void>,
  deadlineMs: number,
): Promise<void> {
  const { state, run } = directories;
  const log = join(state, 'log');
  let daemon: Detached | null = null;
  let starts = 0;
  while (performance.now() < deadlineMs) {
    if (await answers(directories, deadlineMs - performance.now())) return;
    const ending = daemon === null ? '' : await daemon.ending();
    // Whoever has the state is a daemon that will answer, or a command that will let go.
    if (ending !== null && !(await isDaemonRunning(state))) {
      if (starts > 0) await check();
      if (starts === STARTS_MAX) throw notStarted(directories, `ended ${ending}`, log);
      const argv = ['daemon', '--state', state, '--run', run];
      daemon = await startDetached(argv, log).catch(async (error: unknown) => {
        await check(); // A leave may have taken the directory away since.
        throw error;
      });
      starts += 1;
    }
    await sleep(LOOK_MS);
  }
  const isOurs = daemon !== null && (await daemon.ending()) === null;
  const isDaemon = isOurs || (await runningDaemon(run)) !== null;
  throw isDaemon ? stillStarting(directories, log) : busy(directories);
}

const notStarted = ({ state }: Directories, what: string, log: string): Fault => {
  const [why, remedy] = [`started, but ${what}`, `read more in: ${log}`];
  return new Fault('internal', { field: 'daemon', value: state, why, remedy });
};

/** Nobody ends it, and nothing that was done before it is undone. */
const stillStarting = ({ state }: Directories, log: string): Fault =>
  new Fault('timeout', {
    field: 'daemon',
    value: state,
    why: 'started, and does not answer yet',
    remedy: `it goes on: wait with cnsmo status --wait ready, or read what it does in: ${log}`,
  });

const busy = ({ state }: Directories): Fault =>
  new Fault('timeout', {
    field: 'daemon',
    value: state,
    why: 'another process works there, and answers nothing',
    remedy: 'wait for it to end, then try again',
  });

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

async function answers(directories: Directories, timeoutMs: number): Promise<boolean> {
  const request = { method: 'GET', path: '/v1/status', query: {}, body: null } as const;
  const path = socketPath(directories.run);
  // Twenty times a second: a question takes a millisecond of the CPU that the daemon starts on.
  if (await isMissing(path)) return false;
  try {
    return (await callApi(path, request, timeoutMs)).status === 200;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
