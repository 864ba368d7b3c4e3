/** Edge: processes — what runs in a VM, as the machine outside sees it, and what it has used. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Namespace } from './namespace.ts';

/** A process of a VM. */
export interface VmProcess {
  /** As the machine outside counts. */
  readonly pid: number;
  readonly words: readonly string[];
}

/** Length of a tick of the CPU clock: `USER_HZ` is 100 on all architectures that we know. */
const TICK_MS = 10;

/** All processes of a VM but its init. */
export function processesOf(machine: Namespace): readonly VmProcess[] {
  const home = readlinkSync(`/proc/${machine.pid}/ns/pid`);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== machine.pid)
    .flatMap((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/ns/pid`) !== home) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return words.length === 0 ? [] : [{ pid, words }]; // No words: dead, not buried yet.
      } catch {
        return []; // It has ended since it was listed.
      }
    });
}

/** The daemons of a VM: there should be one or none. */
export const daemonsOf = (machine: Namespace): readonly VmProcess[] =>
  originals(processesOf(machine).filter(({ words }) => isCnsmo(words) && words[1] === 'daemon'));

/** What people typed and still runs. */
export const commandsOf = (machine: Namespace): readonly VmProcess[] =>
  processesOf(machine).filter(({ words }) => isCnsmo(words) && words[1] !== 'daemon');

/** The engines of WireGuard that run as processes. */
export const enginesOf = (machine: Namespace): readonly VmProcess[] =>
  processesOf(machine).filter(({ words: [program = ''] }) => program.includes('wireguard'));

/** Without those of which the parent is one: a copy of it that is about to be another program. */
function originals(found: readonly VmProcess[]): readonly VmProcess[] {
  const pids = new Set(found.map(({ pid }) => pid));
  return found.filter(({ pid }) => {
    try {
      return !pids.has(Number(statFields(pid)[1]));
    } catch {
      return false; // It has ended since it was listed.
    }
  });
}

const isCnsmo = ([program = '']: readonly string[]): boolean => program.endsWith('cnsmo');

/** CPU time that a process has used so far, ms. Throws when there is none. */
export function cpuMsOf(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Fields of proc_pid_stat(5), counted from `state`. Throws when there is no such process. */
function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * How long the main thread of a process has waited for a CPU so far, while it could have run, ms:
 * proc_pid_schedstat(5). Throws when there is none.
 */
export const waitedMsOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;

/** What a process has in memory for itself alone, bytes: `RssAnon` of proc_pid_status(5). */
export function ownBytesOf(pid: number): number {
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`process ${pid} has no RssAnon`);
  return Number(found) * 1024;
}
