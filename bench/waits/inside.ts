/** Edge: inside — a clock in the daemon of a VM, for a while. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../netns-tests/vm.ts';
import { leashed } from '../leash.ts';
import type { Inside } from './insider.ts';

const INSIDER = join(import.meta.dirname, 'insider.ts');
/** Longest wait for a daemon that was just started. Unit: ms. */
const BEGUN_MS = 60_000;
/** What it says once the clock goes. */
const READY = 'ready\n';
/** SIGUSR1 in a mask of signals. */
const SIGNAL_BIT = 1 << 9;

/**
 * Puts it into the daemon that runs, or begins to within a minute; gives what takes it out again.
 * Where CNSMO_PROFILES names a directory, a profile of that time is left there. It ends with `over`
 * at the latest.
 */
export async function watchInside(vm: Vm, over: AbortSignal): Promise<() => Promise<Inside>> {
  process.kill(await listeningDaemon(vm, over), 'SIGUSR1');
  const insider = [process.execPath, INSIDER, ...profileOf(vm)];
  const [command = '', ...argv] = leashed(vm.machine().enterNetwork(insider));
  const child = spawn(command, argv, {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal: over,
    killSignal: 'SIGKILL',
  });
  const ending = once(child, 'close');
  const failing = ending.then(() =>
    Promise.reject(new Error(`no clock in the daemon of ${vm.name}`)),
  );
  failing.catch(() => undefined); // Told to whoever waits for it.
  let said = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.startsWith(READY)) resolve();
    });
  });
  await Promise.race([ready, failing]);
  return async () => {
    child.stdin.end();
    await ending;
    if (child.exitCode !== 0) throw new Error(`the clock in the daemon of ${vm.name} was lost`);
    return JSON.parse(said.slice(READY.length)) as Inside;
  };
}

/** Before it hears the signal it would end by it. */
async function listeningDaemon(vm: Vm, over: AbortSignal): Promise<number> {
  const endMs = performance.now() + BEGUN_MS;
  for (;;) {
    over.throwIfAborted();
    const pid = daemonOf(vm);
    if (pid !== null && isListening(pid)) return pid;
    if (performance.now() > endMs) throw new Error(`${vm.name} runs no daemon that listens`);
    await sleep(1);
  }
}

function daemonOf(vm: Vm): number | null {
  try {
    return vm.daemonPid();
  } catch {
    return null;
  }
}

const isListening = (pid: number): boolean => {
  const path = `/proc/${pid}/status`;
  const mask = existsSync(path) ? /^SigCgt:\s+(\w+)$/m.exec(readFileSync(path, 'utf8'))?.[1] : null;
  return mask !== null && (Number.parseInt(mask?.slice(-4) ?? '0', 16) & SIGNAL_BIT) !== 0;
};

const profileOf = ({ name }: Vm): readonly string[] => {
  const { CNSMO_PROFILES: directory } = process.env;
  return directory === undefined ? [] : [join(directory, `${name}-${Date.now()}.cpuprofile`)];
};
