/** Edge: machine — on what, with what and when figures were taken: without it they say nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and when. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
  /** What the binary under test says of itself. */
  readonly binary: string;
  /** Load average of the last minute, before and after. More than 0.5 before: it was busy. */
  readonly loads: readonly number[];
}

/** Looks at this machine. `binary`: the path of the binary under test. */
export function lookAtMachine(binary: string): Machine {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: name ?? 'unknown system',
    kernel: release(),
    node: process.versions.node,
    binary: execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim(),
    loads: [load()],
  };
}

const load = (): number => Number((loadavg()[0] ?? 0).toFixed(1));

/** The same machine, when all is measured. */
export const lookAgain = (machine: Machine): Machine => ({
  ...machine,
  loads: [...machine.loads, load()],
});

/** One line of it. */
export const machineLine = (machine: Machine): string => {
  const { date, cpu, cores, memoryGb, system, kernel, node, binary, loads } = machine;
  const hardware = `${cores} × ${cpu}, ${memoryGb} GB`;
  const software = `${system}, Linux ${kernel}, Node ${node}`;
  return `${date}; ${binary}; ${hardware}; ${software}; load ${loads.join(' to ')}`;
};
