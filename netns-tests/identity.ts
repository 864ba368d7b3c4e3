/**
 * Edge: identity — a process, known by its pid and when it began: a pid that is used again is never
 * taken for the old one.
 */
import { readFileSync } from 'node:fs';

/** One process of this machine. */
export interface Identity {
  readonly pid: number;
  /** The boot, and ticks since then. */
  readonly began: string;
}

/** The identity of a process that runs; null when there is none. */
export function identify(pid: number): Identity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    if (state === 'Z') return null; // Dead, and only not buried yet.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, began: `${boot} ${ticks}` };
  } catch {
    return null;
  }
}

/** Whether that very process still runs. */
export const isAlive = ({ pid, began }: Identity): boolean => identify(pid)?.began === began;
