/**
 * Edge: daemon start — how long it takes from the start of a daemon to its first answer.
 *
 * Each start is in namespaces of its own, on a fresh copy of one prepared state, and everything
 * that it started ends with them.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../netns-tests/command.ts';
import { type Namespace, openNamespace } from '../netns-tests/namespace.ts';
import { cpuMsOf } from './cpu.ts';
import type { Sample } from './figure.ts';

/** Longest wait for a daemon. */
const READY_MS = 30_000;
/** Pause between two tries: the error of the measurement. */
const PAUSE_MS = 1;
const SETUP = 'ip link set lo up';

const places = (folder: string): readonly string[] => [
  ...['--state', join(folder, 'state'), '--run', join(folder, 'run')],
];

/** Founds a mesh in a folder, without starting its daemon. */
export async function prepareState(program: readonly string[], folder: string): Promise<void> {
  const host = await openNamespace('machine', SETUP);
  try {
    const flags = ['--no-start', '--member', 'one', '--advertise', '192.0.2.1'];
    await host.must([...program, 'init', ...flags, ...places(folder)]);
  } finally {
    await host.end();
  }
}

/** Starts a daemon on a copy of the state in `prepared`; ms until it answers, and its CPU time. */
export async function startOnce(program: readonly string[], prepared: string): Promise<Sample> {
  const folder = `${prepared}-started`;
  // cp keeps the modes, which the daemon checks; cpSync does not keep those of folders.
  await must(['cp', '-a', prepared, folder]);
  const host = await openNamespace('machine', SETUP);
  try {
    return await measure(host, [...program, 'daemon', ...places(folder)], folder);
  } finally {
    await host.end();
    rmSync(folder, { recursive: true });
  }
}

async function measure(host: Namespace, words: readonly string[], folder: string): Promise<Sample> {
  const [command = '', ...argv] = host.enter(words);
  const startMs = performance.now();
  const entering = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  let said = '';
  for (const stream of [entering.stdout, entering.stderr]) {
    stream.on('data', (text: Buffer) => {
      said += text.toString();
    });
  }
  while (!(await isAnswering(join(folder, 'run/api.sock')))) {
    const sinceMs = performance.now() - startMs;
    if (entering.exitCode !== null || sinceMs > READY_MS) {
      throw new Error(`${words.join(' ')}: no answer in ${Math.round(sinceMs)} ms; ${said}`);
    }
    await sleep(PAUSE_MS);
  }
  return { value: performance.now() - startMs, cpuMs: cpuMsOf(onlyChild(entering.pid ?? 0)) };
}

/** nsenter has the program as its child, for only a child is in the new pid namespace. */
const onlyChild = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());

/** Whether the API answers; false when nobody listens. Rejects when the answer is an error. */
const isAnswering = (socketPath: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/v1/status', headers: { host: 'cnsmo' } });
    asking.once('error', () => resolve(false));
    asking.once('response', (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve(true);
      else reject(new Error(`the daemon answers with status ${answer.statusCode}`));
    });
    asking.end();
  });
