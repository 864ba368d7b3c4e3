/**
 * Edge: demo kept — a demo that outlives its command: how to find it again, and how to remove it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Identity, identify, isAlive } from './identity.ts';
import type { RealWorld } from './world.ts';

const FILE = resolve(import.meta.dirname, '../build/demo.json');

interface Kept {
  readonly directory: string;
  readonly holders: readonly Identity[];
}

/** Notes what there is of a world; again whenever a VM was switched on or off. */
export function noteKept(world: RealWorld): void {
  const machines = [...world.vms.values()].filter((vm) => vm.isOn()).map((vm) => vm.machine());
  const all = [...machines, ...world.network.routers.values(), world.network.internet];
  const holders = all.map(({ pid }) => identify(pid)).filter((one) => one !== null);
  const kept: Kept = { directory: world.directory, holders };
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify(kept));
}

/** Whether a kept demo runs. */
export const isKept = (): boolean => existsSync(FILE) && aliveOf(read()).length > 0;

/** Removes the kept demo; false when there is none. */
export function removeKept(): boolean {
  if (!existsSync(FILE)) return false;
  const kept = read();
  for (const { pid } of aliveOf(kept)) process.kill(pid, 'SIGKILL');
  rmSync(kept.directory, { recursive: true, force: true });
  rmSync(FILE);
  return true;
}

const read = (): Kept => JSON.parse(readFileSync(FILE, 'utf8')) as Kept;

const aliveOf = ({ holders }: Kept): readonly Identity[] => holders.filter(isAlive);
