/**
 * Edge: watch — what must be true at every moment of a run, also in the middle of trouble.
 *
 * 1. What a disk holds of an author never becomes less, whatever crashes (I6 of reliability §3.6).
 * 2. No host lets anybody in who was never a member (I4).
 */
import type { StatusReport } from '../scenarios/world.ts';
import { lostMarks, type Marks, marksOf } from './journals.ts';
import { call, type Machine } from './machine.ts';
import { holdsMember, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Time between two looks. Unit: virtual ms. */
const LOOK_MS = 15_000;

/** What was seen so far. */
interface Memory {
  /** By VM. */
  readonly marks: Map<string, Marks>;
  readonly addresses: Set<string>;
}

/** Looks again and again until `isOver`; a flaw fails the run. */
export async function watch(storm: Storm, isOver: () => boolean): Promise<void> {
  const { room } = storm;
  const memory: Memory = { marks: new Map(), addresses: new Set() };
  while (!isOver()) {
    for (const machine of room.machines.values()) await learn(storm, memory, machine);
    for (const machine of room.machines.values()) {
      const flaws = [...disksFlaws(storm, memory, machine), ...hostFlaws(memory, machine)];
      if (flaws.length > 0) room.scheduler.fail(new Error(`at all times: ${flaws.join('; ')}`));
    }
    await pauseRun(room, LOOK_MS);
  }
}

async function learn({ room }: Storm, { addresses }: Memory, machine: Machine): Promise<void> {
  if (machine.daemon === null || machine.daemon.isPaused()) return;
  const status = await call(room, machine, { path: '/v1/status' }).catch(() => null);
  for (const row of (status as StatusReport | null)?.members ?? []) {
    for (const address of row.addresses) addresses.add(address);
  }
}

function disksFlaws(storm: Storm, { marks }: Memory, machine: Machine): readonly string[] {
  const { room, promised, tampered } = storm;
  const { name } = machine;
  const before = marks.get(name);
  marks.delete(name);
  // A damaged disk is written anew with what can be trusted, and the rest is fetched again.
  if (!holdsMember(machine) || tampered.has(name)) return [];
  const now = marksOf(room, machine);
  marks.set(name, now);
  return lostMarks(before ?? new Map(), now)
    .filter((author) => !promised.leavers.has(author))
    .map((author) => `${name} holds less of ${author} than before`);
}

function hostFlaws({ addresses }: Memory, { name, kernel }: Machine): readonly string[] {
  const peers = [...(kernel.devices.get('cnsmo0')?.peers.values() ?? [])];
  return peers
    .flatMap((peer) => peer.allowedIps)
    .filter((prefix) => !addresses.has(prefix.split('/')[0] ?? ''))
    .map((prefix) => `${name} lets in ${prefix}, which is no member's`);
}
