/**
 * Edge: listener — hears from a daemon what happened, by the stream of its events, so that
 * listening costs it one line for each and disturbs nobody.
 */
import { type EventRow, followEvents } from '../netns-tests/outside-api.ts';
import type { Vm } from '../netns-tests/vm.ts';
import { cpuMsOfFamily } from './cpu.ts';

/** Hears one daemon, from when it was opened until it is ended. */
export interface Listener {
  /**
   * When the daemon told the event, by `performance.now()`. Rejects when it has not after `lostMs`.
   * What it told before the event is not heard again. One at a time.
   */
  hears(isIt: (event: EventRow) => boolean, lostMs: number): Promise<number>;
  end(): void;
}

/** Hears what happens on a VM from now on. Rejects without a daemon. */
export async function openListener(vm: Vm): Promise<Listener> {
  const told: { readonly event: EventRow; readonly atMs: number }[] = [];
  let look = (): void => undefined;
  const end = await followEvents(vm, (event) => {
    told.push({ event, atMs: performance.now() });
    look();
  });
  const hears: Listener['hears'] = (isIt, lostMs) =>
    new Promise((resolve, reject) => {
      const lost = setTimeout(() => {
        reject(new Error(`${vm.name} did not tell it within ${lostMs / 1_000} s`));
      }, lostMs);
      look = () => {
        const index = told.findIndex(({ event }) => isIt(event));
        const [heard] = told.splice(0, index < 0 ? told.length : index + 1).slice(-1);
        if (index < 0 || heard === undefined) return;
        clearTimeout(lost);
        look = () => undefined;
        resolve(heard.atMs);
      };
      look();
    });
  return { hears, end };
}

/** Hears the same of all; gives when each told it, and ends them whatever comes of it. */
export async function allHear(
  listeners: readonly Listener[],
  isIt: (event: EventRow) => boolean,
  lostMs: number,
): Promise<readonly number[]> {
  try {
    return await Promise.all(listeners.map((listener) => listener.hears(isIt, lostMs)));
  } finally {
    for (const listener of listeners) listener.end();
  }
}

/** Reads the CPU time of the daemons of these VMs and of what they started, in all. Unit: ms. */
export function cpuMeter(vms: readonly Vm[]): () => number {
  const pids = vms.map((vm) => vm.daemonPid());
  return () => pids.reduce((sum, pid) => sum + cpuMsOfFamily(pid), 0);
}
