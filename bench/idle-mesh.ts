/**
 * Edge: idle mesh — founds a mesh on this machine and watches its daemons while nothing happens.
 *
 * Each daemon gives one sample in each window; a window begins where the last one ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ownBytesOf } from '../netns-tests/processes.ts';
import type { RealWorld } from '../netns-tests/world.ts';
import { countTraffic, PIDS_OF_READING, type Reading, readCounters } from './idle-host.ts';
import { namesOf, openMesh } from './mesh.ts';

/** From the moment when all are connected to the first window. Unit: ms. */
const SETTLE_MS = 30_000;
/** Pause between two looks at memory: garbage is seldom collected more often. Unit: ms. */
const LOOK_MS = 1_000;

/** What one daemon used in one window. */
export interface Use {
  /** Private memory, the most at any look. */
  readonly mb: number;
  readonly cpuPercent: number;
  /** Through the swarm's port, both directions; thousands of bytes. */
  readonly kbPerSecond: number;
  /** Processes that were started on the VM, and threads that have ended since. */
  readonly spawned: number;
}

const privateMb = (pid: number): number => ownBytesOf(pid) / 1e6;

/** How long and how often. */
export interface Windows {
  readonly count: number;
  readonly lengthMs: number;
}

/** Founds a mesh of so many members, watches it and removes it. */
export async function measureMesh(
  members: number,
  windows: Windows,
  tell: (line: string) => void,
): Promise<readonly Use[]> {
  tell(`mesh of ${members}: everybody joins`);
  const world = await openMesh(namesOf(members));
  try {
    for (const vm of world.vms.values()) await countTraffic(vm);
    await sleep(SETTLE_MS);
    const uses: Use[] = [];
    for (let number = 1; number <= windows.count; number += 1) {
      tell(`mesh of ${members}: window ${number} of ${windows.count}`);
      uses.push(...(await watchWindow(world, windows.lengthMs)));
    }
    return uses;
  } finally {
    await world.end();
  }
}

/** Measures all daemons of a world for one window. */
async function watchWindow(world: RealWorld, lengthMs: number): Promise<readonly Use[]> {
  const vms = [...world.vms.values()];
  const pids = vms.map((vm) => vm.daemonPid());
  const before = await Promise.all(vms.map(readCounters));
  let highest = pids.map(privateMb);
  for (const endMs = performance.now() + lengthMs; performance.now() < endMs; ) {
    await sleep(LOOK_MS);
    const now = pids.map(privateMb);
    highest = highest.map((mb, index) => Math.max(mb, now[index] ?? 0));
  }
  const after = await Promise.all(vms.map(readCounters));
  return highest.flatMap((mb, index) => {
    const [first, last] = [before[index], after[index]];
    return first === undefined || last === undefined ? [] : [{ mb, ...difference(first, last) }];
  });
}

function difference(first: Reading, last: Reading): Omit<Use, 'mb'> {
  const windowMs = last.atMs - first.atMs;
  return {
    cpuPercent: (100 * (last.cpuMs - first.cpuMs)) / windowMs,
    kbPerSecond: (last.bytes - first.bytes) / windowMs,
    spawned: last.lastPid - first.lastPid - PIDS_OF_READING - (last.threads - first.threads),
  };
}
