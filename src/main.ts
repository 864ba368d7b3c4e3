/**
 * Edge: main — argv to the CLI, and what the CLI needs of this machine: the only file that knows
 * the node and its edges.
 */
import { open, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from './cli/cli.ts';
import type { Local, MemberFlags, Places } from './cli/local.ts';
import { Fault } from './fault.ts';
import { prepareInit } from './node/init.ts';
import { prepareJoin } from './node/join.ts';
import { callApi } from './node/linux/api-client.ts';
import { versionInfo } from './node/linux/bundle.ts';
import { eraseHere, openPorts, runDaemon } from './node/linux/daemon.ts';
import { lockState } from './node/linux/daemon-lock.ts';
import { openHost } from './node/linux/host.ts';
import { installTools } from './node/linux/install-tools.ts';
import { awaitGone, startDaemon, stopDaemon, usesUnit } from './node/linux/lifecycle.ts';
import { socketPath } from './node/linux/run-directory.ts';
import { removeUnit } from './node/linux/systemd.ts';
import { missingTools } from './node/rules/fitness.ts';
import { readSettings, type Settings } from './node/rules/settings.ts';
import type { Ports } from './ports.ts';

const { version, commit } = versionInfo();
const err = (line: string): void => void process.stderr.write(line);

/** A line of progress on a terminal; nothing where nobody watches. */
const progress = (step: string): void => {
  if (process.stderr.isTTY) err(`${step} …\n`);
};

const local: Local = {
  version: `cnsmo ${version} (${commit})`,
  init: (places, flags, keepCode) =>
    withState(places, flags, (ports, settings) => prepareInit(ports, settings, keepCode)),
  join: (places, token, flags) =>
    withState(places, flags, (ports, settings) => prepareJoin(ports, token, settings, progress)),
  daemon: runDaemon,
  start: (places) => startDaemon(openHost(), places),
  stop: (places) => stopDaemon(openHost(), places),
  leaveLocal: eraseHere,
  forget: async (places) => {
    const host = openHost();
    const isUnit = await usesUnit(host, places);
    await awaitGone(places);
    if (isUnit) await removeUnit(host);
  },
  call: (places, request, timeoutMs) => callApi(socketPath(places.run), request, timeoutMs),
  writeSecret,
  readSecret,
  readInput: () => text(process.stdin),
  takeEnv: (name) => {
    const value = process.env[name];
    delete process.env[name];
    return value;
  },
  isInputTerminal: process.stdin.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
  out: (line) => void process.stdout.write(line),
  err,
  sleep: (durationMs) => sleep(durationMs),
};

/**
 * Runs `act` with the ports and the flags as values, while no other command or daemon has the
 * state.
 */
async function withState<Result>(
  places: Places,
  flags: MemberFlags,
  act: (ports: Ports, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const host = openHost();
  const facts = await host.facts();
  const settings = readSettings(flags, facts.hostname);
  if (!facts.isRoot) throw notRoot();
  if (flags.installTools === true) await installTools(host, missingTools(facts), progress);
  const ports = await openPorts(places, 'warn');
  const unlock = await lockState(places.state, places.run);
  try {
    return await act(ports, settings);
  } finally {
    await unlock();
  }
}

const notRoot = (): Fault =>
  new Fault('refused', {
    field: 'user',
    value: 'not root',
    why: 'interfaces and routes need root',
    remedy: 'run it again with sudo',
  });

async function writeSecret(path: string, content: string): Promise<void> {
  try {
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
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'name a file that can be read';
    throw new Fault('refused', { field: 'file', value: path, why, remedy }, error);
  }
}

/** Whoever read our output, `head` for one, has seen enough. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

async function main(): Promise<void> {
  process.umask(0o077);
  process.stdout.on('error', endQuietly);
  process.exitCode = await runCli(process.argv.slice(2), local);
}

void main();
