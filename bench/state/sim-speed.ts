/** Edge: sim speed — how much virtual time the simulator runs in a second of real time. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { endedChildrenCpuMs } from '../cpu.ts';
import type { Sample } from '../figure.ts';

const RUN = resolve(import.meta.dirname, '../../sim/run.ts');
const MEMBERS = 5;

/** The default run of one seed with five members, twice as always. Unit: simulated s/s. */
export const simSpeed = (seed: number): Sample => {
  const cpuMs = endedChildrenCpuMs();
  const argv = [RUN, '--seeds', '1', '--first', String(seed), '--members', String(MEMBERS)];
  const said = execFileSync(process.execPath, argv, { encoding: 'utf8' });
  const speed = /(\d+) simulated seconds per second/.exec(said)?.[1];
  if (speed === undefined) throw new Error(`the simulator said: ${said.trim()}`);
  return { value: Number(speed), cpuMs: endedChildrenCpuMs() - cpuMs };
};
