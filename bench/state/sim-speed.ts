/** Edge: sim speed — how much virtual time the simulator runs in a second of real time. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { endedChildrenCpuMs } from '../cpu.ts';
import type { Sample } from '../figure.ts';
import { ONE_CORE } from '../perl.ts';

const RUN = resolve(import.meta.dirname, '../../sim/run.ts');
const MEMBERS = 5;
/** Seeds of one run, as many as `npm run sim` takes: the first is slow, as code is cold. */
const SEEDS = 32;

/**
 * Seeds with five members, all in the mesh before the storm begins, each in its own storm and twice
 * as always, in one process on one core, on which Node compiles and collects garbage too. `round`:
 * counted from 0, each has seeds of its own.
 * Unit: simulated s/s.
 */
export const simSpeed = (round: number): Sample => {
  const cpuMs = endedChildrenCpuMs();
  const first = String(SEEDS * round + 1);
  const seeds = ['--seeds', String(SEEDS), '--first', first];
  const room = ['--members', String(MEMBERS), '--whole'];
  const [command = '', ...onOneCore] = ONE_CORE;
  const argv = [...onOneCore, process.execPath, RUN, ...seeds, ...room];
  const said = execFileSync(command, argv, { encoding: 'utf8' });
  const speed = /(\d+) simulated seconds per second/.exec(said)?.[1];
  if (speed === undefined) throw new Error(`the simulator said: ${said.trim()}`);
  return { value: Number(speed), cpuMs: endedChildrenCpuMs() - cpuMs };
};
