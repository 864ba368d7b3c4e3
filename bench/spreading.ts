/**
 * Edge: bench of spreading — how long after an operator asked for a change it is in force on every
 * VM of a mesh, by the daemons' own word: each one holds a request for events open, so that
 * looking disturbs nobody.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { crowdOf, foundFor, namesOf } from '../netns-tests/checks/crowd.ts';
import {
  askEvents,
  askMembers,
  askStatus,
  awaitEvents,
  renameAt,
} from '../netns-tests/outside-api.ts';
import { cpuMsOf } from '../netns-tests/processes.ts';
import type { Vm } from '../netns-tests/vm.ts';
import { openWorld, type RealWorld } from '../netns-tests/world.ts';
import type { Sample } from './figure.ts';

/** From the moment when all are connected to the first change. Unit: ms. */
const SETTLE_MS = 20_000;
/** Longest wait until all are connected. Unit: ms. */
const READY_MS = 180_000;
/** Joins at once: a machine of two cores takes no more without stumbling. */
const JOINS_MAX = 3;
/** Between two changes: fewer than gossip takes of one author in the long run. Unit: ms. */
const PAUSE_MS = 400;
/** A change that takes this long is lost. Unit: ms. */
const LOST_MS = 60_000;

/** Renames a member so often in a mesh of so many; each sample is until the last VM knew. */
export async function measureSpreading(
  members: number,
  changes: number,
  tell: (line: string) => void,
): Promise<readonly Sample[]> {
  tell(`mesh of ${members}: everybody joins`);
  const names = namesOf(members);
  const world = await openWorld(crowdOf(members));
  try {
    await joinAll(world, names);
    await sleep(SETTLE_MS);
    const vms = names.map((name) => world.vm(name));
    const listeners = await Promise.all(vms.map(openListener));
    const samples: Sample[] = [];
    for (let number = 1; number <= changes; number += 1) {
      if (number % 10 === 1) tell(`mesh of ${members}: change ${number} of ${changes}`);
      samples.push(await measureOne(listeners, `renamed-${number}`));
      await sleep(PAUSE_MS);
    }
    return samples;
  } finally {
    await world.end();
  }
}

async function joinAll(world: RealWorld, names: readonly string[]): Promise<void> {
  const [founder = '', ...others] = names;
  const token = await foundFor(world, founder, others.length);
  for (let first = 0; first < others.length; first += JOINS_MAX) {
    const batch = others.slice(first, first + JOINS_MAX);
    await Promise.all(batch.map((name) => world.join(name, token)));
  }
  for (const name of names) {
    const isWhole = async (): Promise<boolean> => {
      const rows = await askMembers(world.vm(name));
      return rows.length === names.length && rows.every(({ state }) => state === 'alive');
    };
    await world.eventually(`${name} reaches all`, isWhole, READY_MS);
  }
}

/** A VM, and how far its events were heard. */
interface Listener {
  readonly vm: Vm;
  cursor: string;
}

const openListener = async (vm: Vm): Promise<Listener> => ({
  vm,
  cursor: (await askEvents(vm, null)).cursor,
});

/** The founder renames the last VM; until all know it, the founder included. Unit: ms. */
async function measureOne(listeners: readonly Listener[], name: string): Promise<Sample> {
  const [founder] = listeners;
  const last = listeners.at(-1);
  if (founder === undefined || last === undefined) throw new Error('a mesh of nobody');
  const { self } = await askStatus(last.vm);
  const heard = listeners.map((listener) => hears(listener, name));
  const cpuMs = usedMs(listeners);
  const startMs = performance.now();
  const asked = renameAt(founder.vm, self.id, name);
  const ends = await Promise.all(heard);
  await asked;
  return { value: Math.max(...ends) - startMs, cpuMs: usedMs(listeners) - cpuMs };
}

/** When the VM says that a member has that name. */
async function hears(listener: Listener, name: string): Promise<number> {
  for (const deadlineMs = performance.now() + LOST_MS; performance.now() < deadlineMs; ) {
    const { events, cursor } = await awaitEvents(listener.vm, listener.cursor, LOST_MS);
    const atMs = performance.now();
    listener.cursor = cursor;
    if (events.some(({ kind, member }) => kind === 'renamed' && member === name)) return atMs;
  }
  throw new Error(`${listener.vm.name} did not hear of ${name}`);
}

/** CPU time of all daemons so far, ms. */
const usedMs = (listeners: readonly Listener[]): number =>
  listeners.reduce((sum, { vm }) => sum + cpuMsOf(vm.daemonPid()), 0);
