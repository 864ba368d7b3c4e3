/**
 * Edge: listener — hears from a daemon what happened, by a request for events that it holds open,
 * so that waiting disturbs nobody.
 */
import { askEvents, awaitEvents, type EventRow } from '../netns-tests/outside-api.ts';
import type { Vm } from '../netns-tests/vm.ts';
import { cpuMsOfFamily } from './cpu.ts';

/** A VM, and how far its events were heard. */
export interface Listener {
  readonly vm: Vm;
  cursor: string;
}

/** Hears what happens on a VM from now on. Rejects without a daemon. */
export const openListener = async (vm: Vm): Promise<Listener> => ({
  vm,
  cursor: (await askEvents(vm, null)).cursor,
});

/** Longest that a daemon holds one request open. Unit: ms. */
const HELD_MS = 60_000;

/**
 * When the daemon told the event, by `performance.now()`. Rejects when it has not after `lostMs`.
 * What it tells along with it is not heard again.
 */
export async function hears(
  listener: Listener,
  isIt: (event: EventRow) => boolean,
  lostMs: number,
): Promise<number> {
  for (const endMs = performance.now() + lostMs; performance.now() < endMs; ) {
    const waitMs = Math.ceil(Math.min(HELD_MS, endMs - performance.now()));
    const { events, cursor } = await awaitEvents(listener.vm, listener.cursor, waitMs);
    const atMs = performance.now();
    listener.cursor = cursor;
    if (events.some(isIt)) return atMs;
  }
  throw new Error(`${listener.vm.name} did not tell it within ${lostMs / 1_000} s`);
}

/** Reads the CPU time of the daemons of these VMs and of what they started, in all. Unit: ms. */
export function cpuMeter(vms: readonly Vm[]): () => number {
  const pids = vms.map((vm) => vm.daemonPid());
  return () => pids.reduce((sum, pid) => sum + cpuMsOfFamily(pid), 0);
}
