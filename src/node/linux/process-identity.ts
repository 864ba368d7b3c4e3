/**
 * Edge: process identity — which process a pid meant when we wrote it down, and ending that one.
 *
 * 1. A pid alone is no identity: it is reused. With its start time (in clock ticks since boot) and
 *    the id of the boot it is, also across a reboot after which the same pid starts at the same
 *    tick.
 * 2. A zombie has ended, whoever has yet to collect it.
 */
import { readdir } from 'node:fs/promises';
import * as z from 'zod/mini';
import { codeOf, readText } from './files.ts';
import { readProc, readStat } from './proc-stat.ts';

const identitySchema = z.object({
  pid: z.int().check(z.gt(1)), // 0 and below would mean whole groups to kill(2).
  startTime: z.int(),
  boot: z.string(),
});

/** One process of this boot. `startTime` is field 22 of `/proc/<pid>/stat`. */
export type ProcessIdentity = Readonly<z.infer<typeof identitySchema>>;

/** Time between two looks at a process that is to end. 20 ms is far below what anybody notices. */
const POLL_MS = 20;

/** How long to wait after KILL; only a process stuck in the kernel takes longer. */
const KILL_WAIT_MS = 5_000;

/** The process that has this pid now; null when none has or it is a zombie. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readStat(pid);
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null; // Invariant 2.
  return { pid, startTime: stat.startTime, boot: await bootId() };
}

/** Whether it was written down during this boot; if not, nothing is known from it. */
export async function isOfThisBoot(identity: ProcessIdentity): Promise<boolean> {
  return identity.boot === (await bootId());
}

/** Whether exactly that process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.boot === identity.boot;
}

/**
 * Reads what was written as JSON; null when it is none, as after a torn write or by another hand.
 */
export function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const parsed = identitySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // No JSON: nothing is known, as if the file were missing.
  }
}

/**
 * Ends a process and what else is in its process group when it leads one: TERM, KILL after
 * `graceMs`, then KILL for what its group left behind. Resolves once it is gone; false when even
 * KILL did not end it.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  const stat = await readStat(identity.pid);
  const target = stat?.group === identity.pid ? -identity.pid : identity.pid;
  if (!(await isAlive(identity))) return true;
  signal(target, 'SIGTERM');
  let isGone = await waitGone(identity, graceMs);
  if (!isGone) {
    signal(target, 'SIGKILL');
    isGone = await waitGone(identity, KILL_WAIT_MS);
  }
  // The kernel keeps a pid as long as its group has a member, so a free one means what it meant.
  if (isGone && target < 0 && (await identifyProcess(identity.pid)) === null) {
    signal(target, 'SIGKILL');
  }
  return isGone;
}

/**
 * The process with this line (`NAME=value`) in its environment at start, leading a session, of our
 * own user. Finds a child whose pid was lost. Null when there is none.
 */
export async function findByEnvironment(line: string): Promise<ProcessIdentity | null> {
  const user = String(process.getuid?.() ?? 0);
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readProc(`/proc/${name}/environ`);
    if (!environment?.split('\0').includes(line)) continue;
    // Anybody can put a line into an environment; only root's processes are root's children. The
    // real user counts, since a set-uid program runs as root with a stranger's environment.
    const realUser = /^Uid:\t(\d+)/m.exec((await readProc(`/proc/${name}/status`)) ?? '')?.[1];
    const stat = await readStat(Number(name));
    if (realUser !== user || stat?.session !== Number(name)) continue;
    const identity = await identifyProcess(Number(name));
    if (identity !== null) return identity;
  }
  return null;
}

async function bootId(): Promise<string> {
  return ((await readText('/proc/sys/kernel/random/boot_id')) ?? '').trim();
}

function signal(target: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // ESRCH: it ended by itself.
  }
}

async function waitGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (await isAlive(identity)) {
    if (performance.now() > deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
