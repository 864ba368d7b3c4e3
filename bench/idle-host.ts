/**
 * Edge: idle host — what the daemon of one VM costs while nothing happens, as its kernel counts it.
 *
 * 1. All is read from outside: the daemon is neither asked nor stopped.
 * 2. Traffic is what crosses the swarm's TCP port, in and out, with its IP and TCP headers. The
 *    engine's UDP is not in it.
 */
import { readdirSync } from 'node:fs';
import { cpuMsOf, processesOf } from '../netns-tests/processes.ts';
import type { Vm } from '../netns-tests/vm.ts';

/** The port of every VM here: the default. */
const PORT = 7300;

const chain = (hook: 'input' | 'output'): string => `chain ${hook} {
  type filter hook ${hook} priority 0
  tcp sport ${PORT} counter name swarm return
  tcp dport ${PORT} counter name swarm
}`;

const RULES = `table inet bench {
counter swarm {
}
${chain('input')}
${chain('output')}
}`;

/** The counters of one VM at one moment. */
export interface Reading {
  readonly atMs: number;
  readonly cpuMs: number;
  /** Through the port, both directions. */
  readonly bytes: number;
  /** Last process number that the VM's kernel gave: to a process or a thread. */
  readonly lastPid: number;
  /** Threads that run: the engine starts one when it needs one. */
  readonly threads: number;
}

/** Starts counting what crosses the swarm's port of a VM. */
export async function countTraffic(vm: Vm): Promise<void> {
  await vm.must(['nft', '-f', '-'], { input: RULES });
}

/** Reads a VM's counters. Costs the VM two process numbers, of its own two programs. */
export async function readCounters(vm: Vm): Promise<Reading> {
  const counters = await vm.must(['nft', 'list', 'counter', 'inet', 'bench', 'swarm']);
  const bytes = Number(/bytes (\d+)/.exec(counters)?.[1]);
  const lastPid = Number(await vm.must(['cat', '/proc/sys/kernel/ns_last_pid']));
  const cpuMs = cpuMsOf(vm.daemonPid());
  return { atMs: performance.now(), cpuMs, bytes, lastPid, threads: threadsOf(vm) };
}

const threadsOf = (vm: Vm): number =>
  processesOf(vm.machine()).reduce(
    (sum, { pid }) => sum + readdirSync(`/proc/${pid}/task`).length,
    0,
  );

/** Numbers that one reading uses up. */
export const PIDS_OF_READING = 2;
