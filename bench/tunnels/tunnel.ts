/**
 * Edge: tunnel — two VMs on one cable, and programs that make tunnels between them.
 *
 * 1. All tunnels are up at the same time, on the same underlay, each with its own interface, port
 *    and addresses; only one at a time is sent through.
 * 2. What they need lies in a folder of each VM's disk; folders and programs go with the VMs.
 */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../netns-tests/vm.ts';

/** The two ends: the first sends. */
export type Pair = readonly [Vm, Vm];

/** A tunnel that is up. */
export interface Tunnel {
  readonly name: string;
  /** The second VM's address inside. */
  readonly target: string;
}

/** A VM's disk as the VM sees it. */
const DISK = '/var/lib';
/** Longest wait for the first answer through a tunnel. */
const UP_MS = 30_000;
const PAUSE_MS = 100;

/** A folder for one tunnel on a VM's disk: its path outside and inside. */
export function folderOf(vm: Vm, name: string): { outside: string; inside: string } {
  const outside = join(vm.disk, 'bench', name);
  mkdirSync(outside, { recursive: true, mode: 0o700 });
  return { outside, inside: join(DISK, 'bench', name) };
}

/** Writes files to the folder of a tunnel. Names may have folders; only the owner may read. */
export function writeFiles(vm: Vm, name: string, files: Readonly<Record<string, string>>): void {
  const { outside } = folderOf(vm, name);
  for (const [file, text] of Object.entries(files)) {
    const path = join(outside, file);
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
}

/** Starts a program that lives as long as its VM. What it says goes to `log` in its folder. */
export async function launch(vm: Vm, name: string, argv: readonly string[]): Promise<void> {
  const { inside } = folderOf(vm, name);
  const script = 'log=$1; shift; exec setsid --fork "$@" >"$log" 2>&1 </dev/null';
  await vm.must(['sh', '-c', script, 'sh', join(inside, 'log'), ...argv]);
}

/** Waits for the first answer through a tunnel. Rejects with what its programs said. */
export async function awaitTunnel([from, to]: Pair, { name, target }: Tunnel): Promise<void> {
  const endMs = performance.now() + UP_MS;
  const ping = ['ping', '-n', '-q', '-c', '1', '-W', '1', target];
  while ((await from.run(ping)).status !== 0) {
    if (performance.now() > endMs) {
      throw new Error(`${name}: no answer from ${target}\n${logOf(from, name)}${logOf(to, name)}`);
    }
    await sleep(PAUSE_MS);
  }
}

function logOf(vm: Vm, name: string): string {
  try {
    return readFileSync(join(folderOf(vm, name).outside, 'log'), 'utf8');
  } catch {
    return ''; // Nothing was launched.
  }
}

/** Pids, as the machine outside sees them, of all that runs in a VM. */
export function pidsIn(vm: Vm): readonly number[] {
  const home = readlinkSync(`/proc/${vm.machine().pid}/ns/pid`);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return Number.isInteger(pid) && readlinkSync(`/proc/${pid}/ns/pid`) === home;
      } catch {
        return false; // It has ended since it was listed.
      }
    });
}
