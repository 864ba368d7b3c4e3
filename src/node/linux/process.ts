/**
 * Edge: process — children that outlive the daemon, and monitors that do not.
 *
 * 1. At most one child of a name runs. Its identity is in `<run>/<name>.pid`; should that file be
 *    lost (a crash right after the start, a cleared run directory), the child is found by a line in
 *    its environment. A pid that was reused is never taken for ours. The file goes before a start,
 *    so that a crash in the middle of one leaves none rather than a wrong one.
 * 2. A child gets a session of its own, no pipe to us and no secret of our environment.
 * 3. A monitor ends with its signal and with us: it is killed when we exit, and by the kernel when
 *    we are killed, where `setpriv` is there; else it ends at the next line that it prints.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Process, ProcessSpec } from '../../process-port.ts';
import { openSequence } from '../sequence.ts';
import { askSocket, childDirectory, removeChildFiles, writeChildFiles } from './child-directory.ts';
import { FIXED_ENVIRONMENT } from './environment.ts';
import { codeOf, openFile, readText, removeFile, writeAtomically } from './files.ts';
import { followLines } from './line-stream.ts';
import {
  endProcess,
  findByEnvironment,
  identifyProcess,
  isAlive,
  isOfThisBoot,
  type ProcessIdentity,
  parseIdentity,
} from './process-identity.ts';
import { openRunDirectory } from './run-directory.ts';

/** How long a child may take to end by itself. From the contract of Process. */
const GRACE_MS = 3_000;

/** How long a child's socket is waited for, by the contract of Process, and between two looks. */
const SOCKET_MS = 3_000;
const SOCKET_LOOK_MS = 20;

/** Size at which a child's log is emptied; the run directory is memory. */
const LOG_BYTES_MAX = 1024 * 1024;

/** Most processes that are ended under one name: the child and strays of it. */
const STOP_ROUNDS_MAX = 16;

/** What a child may be called: the name becomes a file name, and `daemon.pid` is the daemon's. */
const NAME = /^(?!daemon$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * The children of this host. `resolveProgram` turns the first word of an argument vector into the
 * path of a program, or throws a Fault.
 */
export function openProcess(
  runDirectory: string,
  resolveProgram: (program: string) => Promise<string>,
): Process {
  const inOrder = openSequence();
  const find = (name: string): Promise<ProcessIdentity | null> => findChild(runDirectory, name);
  const at = <Result>(name: string, task: () => Promise<Result>): Promise<Result> => {
    if (NAME.test(name)) return inOrder(name, task);
    return Promise.reject(new Error(`not a name of a process: ${JSON.stringify(name)}`));
  };
  return {
    start: (spec) =>
      at(spec.name, async () => {
        if ((await find(spec.name)) === null) await startChild(runDirectory, spec, resolveProgram);
      }),
    write: (name, files) =>
      at(name, async () => {
        await writeChildFiles(runDirectory, name, files);
      }),
    ask: (name, line) => at(name, () => askChild(runDirectory, name, line)),
    isRunning: (name) => at(name, async () => (await find(name)) !== null),
    stop: (name) => at(name, () => stopChild(runDirectory, name)),
    lines: followLines,
  };
}

function pidFile(runDirectory: string, name: string): string {
  return join(resolve(runDirectory), `${name}.pid`);
}

function logFile(runDirectory: string, name: string): string {
  return join(resolve(runDirectory), `${name}.log`);
}

/** The line in a child's environment that says whose and which it is. */
function markOf(runDirectory: string, name: string): readonly [key: string, value: string] {
  return ['CNSMO_CHILD', `${resolve(runDirectory)}/${name}`];
}

/** The running child of that name, or null. Invariant 1. */
export async function findChild(
  runDirectory: string,
  name: string,
): Promise<ProcessIdentity | null> {
  const text = await readText(pidFile(runDirectory, name));
  const remembered = text === null ? null : parseIdentity(text);
  if (remembered !== null && (await isOfThisBoot(remembered))) {
    await boundLog(runDirectory, name);
    return (await isAlive(remembered)) ? remembered : null;
  }
  const found = await findByEnvironment(markOf(runDirectory, name).join('='));
  if (found !== null) await remember(runDirectory, name, found);
  return found;
}

/** Asks it, again as long as it runs and its socket is not there yet. */
async function askChild(runDirectory: string, name: string, line: string): Promise<string | null> {
  const deadlineMs = performance.now() + SOCKET_MS;
  for (let tries = 1; ; tries += 1) {
    if ((await findChild(runDirectory, name)) === null) return null;
    const answer = await askSocket(childDirectory(runDirectory, name), line);
    // Where this machine stood still, time is over after the first try.
    if (answer !== null || (tries > 1 && performance.now() > deadlineMs)) return answer;
    await new Promise((resolved) => setTimeout(resolved, SOCKET_LOOK_MS));
  }
}

/** Ends the child, and then what of it went into sessions of its own. Its log goes with it. */
async function stopChild(runDirectory: string, name: string): Promise<void> {
  for (let round = 0; round < STOP_ROUNDS_MAX; round += 1) {
    const identity = await findChild(runDirectory, name);
    if (identity !== null && !(await endProcess(identity, GRACE_MS))) throw undying(name);
    await removeFile(pidFile(runDirectory, name)); // The next round searches by the environment.
    if (identity === null && round > 0) {
      await removeFile(logFile(runDirectory, name));
      await removeChildFiles(runDirectory, name);
      return;
    }
  }
  throw undying(name);
}

async function startChild(
  runDirectory: string,
  spec: ProcessSpec,
  resolveProgram: (program: string) => Promise<string>,
): Promise<void> {
  const [program = '', ...operands] = spec.argv;
  const path = await resolveProgram(program);
  const directory = await openRunDirectory(runDirectory);
  const [key, value] = markOf(runDirectory, spec.name);
  const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC } = constants;
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_TRUNC;
  await removeFile(pidFile(directory, spec.name)); // Invariant 1.
  const { files } = spec;
  const cwd = files === undefined ? '/' : await writeChildFiles(runDirectory, spec.name, files);
  const log = await openFile(logFile(directory, spec.name), flags);
  try {
    const child = spawn(path, operands, {
      cwd,
      env: { ...FIXED_ENVIRONMENT, ...spec.env, [key]: value },
      detached: true, // setsid(2): invariant 2.
      stdio: ['ignore', log.fd, log.fd],
    });
    const pid = await new Promise<number>((started, failed) => {
      child.once('spawn', () => started(child.pid ?? 0));
      child.once('error', (error) => failed(notStarted(spec.name, error)));
    });
    child.unref();
    // Null: it has ended already, which the next isRunning tells.
    const identity = await identifyProcess(pid);
    if (identity !== null) await remember(runDirectory, spec.name, identity);
  } finally {
    await log.close();
  }
}

async function remember(
  runDirectory: string,
  name: string,
  identity: ProcessIdentity,
): Promise<void> {
  await openRunDirectory(runDirectory);
  await writeAtomically(pidFile(runDirectory, name), JSON.stringify(identity), 0o600);
}

/** Empties a log that has grown too long. The child appends, so it goes on at the beginning. */
async function boundLog(runDirectory: string, name: string): Promise<void> {
  const log = await openFile(logFile(runDirectory, name), constants.O_WRONLY).catch((error) => {
    if (codeOf(error) === 'ENOENT') return null; // A cleared run directory.
    throw error;
  });
  if (log === null) return;
  try {
    if ((await log.stat()).size > LOG_BYTES_MAX) await log.truncate(0);
  } finally {
    await log.close();
  }
}

function notStarted(name: string, error: Error): Fault {
  const why = `could not be started: ${error.message}`;
  const remedy = 'see that its file fits this machine and may be executed, then try again';
  return new Fault('refused', { field: 'process', value: name, why, remedy }, error);
}

function undying(name: string): Fault {
  const [why, remedy] = ['still runs after KILL', 'see what it waits for with: ps; reboot the VM'];
  return new Fault('timeout', { field: 'process', value: name, why, remedy });
}
