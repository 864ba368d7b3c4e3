/**
 * Edge: idle mesh — founds a mesh on this machine and watches its daemons while nothing happens.
 *
 * Each daemon gives one sample in each window; a window begins where the last one ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ownBytesOf } from '../netns-tests/processes.ts';
import { openWorld, type RealWorld } from '../netns-tests/world.ts';
import { countTraffic, PIDS_OF_READING, type Reading, readCounters } from './idle-host.ts';

/** From the moment when all are connected to the first window. Unit: ms. */
const SETTLE_MS = 30_000;
/** Longest wait until all are connected. Unit: ms. */
const READY_MS = 180_000;
/** Joins at once: a machine of two cores takes no more without stumbling. */
const JOINS_MAX = 3;
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

/** vm01, vm02, …: in the order of their numbers also when sorted. */
export const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `vm${String(index + 1).padStart(2, '0')}`);

/** A world whose VMs, half of them behind NAT, are one mesh in which everybody reaches all. */
export async function openMesh(names: readonly string[]): Promise<RealWorld> {
  const vms = names.map((name, index) => ({ name, site: index % 2 === 0 ? 'east' : 'west' }));
  const world = await openWorld({ vms });
  try {
    const [founder = '', ...others] = names;
    await world.init(founder);
    const isReady = async (): Promise<boolean> => (await world.status(founder)).self.ready;
    await world.eventually('the founder is ready', isReady, READY_MS);
    const token = await world.invite(founder, { uses: others.length });
    for (let first = 0; first < others.length; first += JOINS_MAX) {
      const batch = others.slice(first, first + JOINS_MAX);
      await Promise.all(batch.map((name) => world.join(name, token)));
    }
    for (const name of names) {
      const isWhole = async (): Promise<boolean> => {
        const { self, total, reachable } = await world.status(name);
        return self.ready && total === names.length && reachable === total;
      };
      await world.eventually(`${name} reaches all`, isWhole, READY_MS);
    }
  } catch (error) {
    await world.end();
    throw error;
  }
  return world;
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
