/**
 * Edge: proc stat — what `/proc` says of one process.
 */
import { codeOf, readText } from './files.ts';

/** What we need of `/proc/<pid>/stat`; `startTime` in clock ticks since boot. */
export interface Stat {
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: number;
}

/** What it says of the process with this pid; null when there is none. */
export async function readStat(pid: number): Promise<Stat | null> {
  const text = await readProc(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** A file of /proc; null when the process ended, also while it was read, or is not ours to see. */
export async function readProc(path: string): Promise<string | null> {
  try {
    return await readText(path);
  } catch (error) {
    if (['ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error))) return null;
    throw error;
  }
}

/**
 * Reads `/proc/<pid>/stat`. The name in parentheses may hold anything, so fields count from its
 * end.
 */
function parseStat(text: string): Stat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group, session] = fields;
  const startTime = Number(fields[19]);
  if (state === undefined || !Number.isSafeInteger(startTime)) return null;
  return { state, group: Number(group), session: Number(session), startTime };
}
