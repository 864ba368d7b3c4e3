/** Edge: CPU — the CPU time that processes have used, as the kernel counts it: ticks of 10 ms. */
import { readFileSync } from 'node:fs';

/** `USER_HZ` of Linux on all architectures that we know. */
const TICK_MS = 10;

/** Fields of proc_pid_stat(5), counted from the one after the name. */
const FIELDS = { utime: 11, stime: 12, cutime: 13, cstime: 14 } as const;

function ticks(pid: number | 'self', names: readonly (keyof typeof FIELDS)[]): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return names.reduce((sum, name) => sum + Number(fields[FIELDS[name]]), 0);
}

/** What a process has used so far, ms, without its children. Throws when there is none. */
export const cpuMsOf = (pid: number): number => ticks(pid, ['utime', 'stime']) * TICK_MS;

/** What the children of this process that have ended had used, ms. */
export const endedChildrenCpuMs = (): number => ticks('self', ['cutime', 'cstime']) * TICK_MS;

/** The same, with those of its children that have ended. */
export const cpuMsOfFamily = (pid: number): number =>
  ticks(pid, ['utime', 'stime', 'cutime', 'cstime']) * TICK_MS;
