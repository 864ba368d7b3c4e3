/**
 * Edge: acts — what the command line does on this machine itself, without the daemon.
 *
 * `main.ts` loads it only for these acts: a command that just asks the daemon starts faster.
 */
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Ports } from '../../ports.ts';
import { SERVICE_NAMES } from '../../services/registry.ts';
import { finishLeave } from '../finish-leave.ts';
import { type Founded, prepareInit } from '../init.ts';
import { type Joined, joinedBefore, prepareJoin } from '../join.ts';
import { eraseState, isLeaving } from '../leave.ts';
import { isInitialised, readLocalState } from '../local-state.ts';
import { checkVacant } from '../preflight.ts';
import type { Told } from '../rules/answers.ts';
import { toolsToInstall } from '../rules/fitness.ts';
import { readSettings, type Settings, type SettingTexts } from '../rules/settings.ts';
import { type Directories, eraseHere, forgetRun, openPorts, runDaemon } from './daemon.ts';
import { lockState, removeEmptyState } from './daemon-lock.ts';
import { openHost } from './host.ts';
import { installTools } from './install-tools.ts';
import { awaitGone, startDaemon, stopDaemon, usesUnit } from './lifecycle.ts';
import { type LogWish, readJournal, readLogFile } from './log-reader.ts';
import { removeUnit } from './systemd.ts';
import { versionInfo } from './version.ts';

/** The flags of init and join, as typed. */
export type MemberTexts = SettingTexts & { readonly installTools?: boolean };

/** How the person at the command line wants to wait. */
interface Watch {
  readonly onStep: (step: string) => void;
  /** The longest wait that was asked for, ms; null: what the act takes by itself. */
  readonly timeoutMs: number | null;
}

/** Founds a mesh here. See `prepareInit`. */
export const initHere = (
  directories: Directories,
  flags: MemberTexts,
  keepCode: (code: string) => Promise<void>,
  { onStep }: Watch,
): Promise<Founded> =>
  withPorts(directories, flags, onStep, (ports, settings) =>
    alone(directories, ports, () => prepareInit(ports, settings, keepCode)),
  );

/**
 * Joins a mesh here. See `prepareJoin`. Repeated after it was done, it does nothing, though the
 * daemon may run already.
 */
export const joinHere = (
  directories: Directories,
  token: string,
  flags: MemberTexts,
  watch: Watch,
): Promise<Joined> =>
  withPorts(
    directories,
    flags,
    watch.onStep,
    async (ports, settings) =>
      (await joinedBefore(ports, token, settings)) ??
      alone(directories, ports, () => prepareJoin(ports, token, settings, watch)),
  );

/**
 * Starts the daemon. See `startDaemon`. Fault 'refused' for what the daemon would refuse as well,
 * but only in its log.
 */
export const startHere = (directories: Directories, timeoutMs: number | null): Promise<void> =>
  withoutTrace(directories, async () => {
    const { crypto, disk } = await openPorts(directories, 'warn');
    const check = async (): Promise<void> => {
      const wasLeaving = await isLeaving(disk);
      if (wasLeaving) await finishLeaveHere(directories);
      if (wasLeaving && !(await isInitialised(disk))) {
        await forgetHere(directories);
        throw hasLeft();
      }
      await readLocalState(crypto, disk);
    };
    await startDaemon(openHost(), directories, check, timeoutMs);
  });

/** Stops the daemon. See `stopDaemon`. */
export const stopHere = (directories: Directories, timeoutMs: number | null): Promise<void> =>
  stopDaemon(openHost(), directories, timeoutMs);

/** Runs the daemon in this process. */
export const daemonHere = runDaemon;

/**
 * Undoes and deletes what a member left here, telling nobody. Fault 'refused' while a daemon runs;
 * another command is waited for.
 */
export const leaveHere = (directories: Directories): Promise<void> =>
  eraseHere(directories, (ports) => eraseState(ports));

/** See `Local.finishLeave`. Waits for a daemon that is about to end. */
export async function finishLeaveHere(directories: Directories): Promise<Told | null | 'member'> {
  const build = versionInfo();
  await awaitGone(directories);
  return await eraseHere(directories, async (ports) => {
    if (await isLeaving(ports.disk)) return await finishLeave(ports, build);
    if (await isInitialised(ports.disk)) return 'member';
    await eraseState(ports);
    return null;
  });
}

/** After leave: waits until the daemon is gone, and removes its unit and its directories. */
export async function forgetHere(directories: Directories): Promise<void> {
  const host = openHost();
  const isUnit = await usesUnit(host, directories);
  await awaitGone(directories);
  if (isUnit) await removeUnit(host);
  await forgetRun(directories);
}

/** Hands on the daemon's log. See `readLogFile`. */
export async function logsHere(
  directories: Directories,
  wish: LogWish,
  onLine: (line: string) => void,
): Promise<void> {
  const { signal } = new AbortController();
  if (await usesUnit(openHost(), directories)) await readJournal(wish, onLine, signal);
  else await readLogFile(join(directories.state, 'log'), wish, onLine, signal);
}

/** Runs `act` with the ports and the flags as values. */
export async function withPorts<Result>(
  directories: Directories,
  flags: MemberTexts,
  onStep: (step: string) => void,
  act: (ports: Ports, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const host = openHost();
  const facts = await host.facts();
  const settings = readSettings(flags, facts.hostname, SERVICE_NAMES);
  if (!facts.isRoot) throw notRoot();
  if (flags.installTools === true) await installTools(host, toolsToInstall(facts), onStep);
  return await withoutTrace(directories, async () =>
    act(await openPorts(directories, 'warn'), settings),
  );
}

/** When `act` fails, empty directories that it made are removed. */
async function withoutTrace<Result>(
  { state, run }: Directories,
  act: () => Promise<Result>,
): Promise<Result> {
  const [hadState, hadRun] = [existsSync(state), existsSync(run)];
  try {
    return await act();
  } catch (error) {
    if (!hadState) await removeEmptyState(state, run);
    if (!hadRun) await rmdir(run).catch(() => undefined); // Not empty: somebody works there.
    throw error;
  }
}

/** Runs `act`, which makes this VM a member, while nobody else has the state. */
export async function alone<Result>(
  { state, run }: Directories,
  { disk }: Pick<Ports, 'disk'>,
  act: () => Promise<Result>,
): Promise<Result> {
  await checkVacant(disk); // A daemon that runs would only be said to be in the way.
  const unlock = await lockState(state, run);
  try {
    return await act();
  } finally {
    await unlock();
  }
}

const hasLeft = (): Fault =>
  new Fault('refused', {
    field: 'state',
    value: 'left',
    why: 'a leave had been cut here; it is finished now, and this VM is in no mesh',
    remedy: 'run cnsmo init for a new mesh, or cnsmo join with a token',
  });

const notRoot = (): Fault =>
  new Fault('refused', {
    field: 'user',
    value: 'not root',
    why: 'interfaces and routes need root',
    remedy: 'run it again with sudo',
  });
