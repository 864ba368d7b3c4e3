/**
 * Edge: acts on disks — bits that flip, disks that take nothing, and VMs that are gone for good.
 *
 * What a VM acknowledged and nobody else holds is lost with its disk: it is forgiven.
 */

import { memberIdOf } from '../src/crdt/ids.ts';
import { isDamaged, journalFlaws } from './journals.ts';
import { call, cutPower, type Machine } from './machine.ts';
import { LATER_PATH } from './releases.table.ts';
import { type Act, anyMachine, boot, holdsMember, lasting, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time that a disk takes nothing. Unit: ms. */
const TROUBLE_MS_MAX = 40_000;
/** Time between two looks whether a damaged disk is whole again. Unit: ms. */
const HEALING_MS = 5_000;
const HEALING_LOOKS_MAX = 8;
/** Longest time that a VM is down for it. Unit: ms. */
const DOWN_MS_MAX = 20_000;

/** A bit of the journal is wrong after the power was gone. */
export const rot: Act = async (storm, dice) => {
  const { room, tampered } = storm;
  const machine = anyMachine(storm, dice);
  // What two damaged disks have lost nobody may hold.
  if (tampered.size > 0 || storm.doomed.size > 0) return;
  cutPower(machine);
  const file = machine.platter.files.get('journal');
  const content = file?.durable?.slice() ?? null;
  if (file !== undefined && content !== null && content.length > 0) {
    const at = dice.integer(content.length);
    content[at] = (content[at] ?? 0) ^ (1 << dice.integer(8));
    storm.tampered.add(machine.name);
    file.durable = content;
    file.cached = content;
    room.tolerated.add('journal-lost');
    await forgive(storm, machine);
  }
  await pauseRun(room, dice.between(0, DOWN_MS_MAX));
  await boot(room, machine.name).catch(() => undefined);
  await heals(storm, machine);
};

/** Waits a while until a damaged disk is whole again. */
export async function heals(storm: Storm, machine: Machine): Promise<void> {
  const { room, tampered } = storm;
  for (let looks = 0; looks < HEALING_LOOKS_MAX && tampered.has(machine.name); looks += 1) {
    await pauseRun(room, HEALING_MS);
    if (isHealed(storm, machine)) tampered.delete(machine.name);
  }
}

/** Whether the VM has all back that its disk lost, and so have the others. */
function isHealed({ room }: Storm, machine: Machine): boolean {
  if (!holdsMember(machine)) return true;
  const running = [...room.machines.values()].filter(({ daemon }) => daemon !== null);
  if (!running.includes(machine) || running.length === 1) return false;
  if (isDamaged(room, machine)) return false;
  return journalFlaws(room, running).length === 0;
}

/** What goes wrong with a disk for a while: nothing fits, nothing changes, or nothing is synced. */
const TROUBLES = ['full', 'read-only', 'failing'] as const;

/** A disk takes nothing for a while. */
export const badDisk: Act = async (storm, dice) => {
  const { platter } = anyMachine(storm, dice);
  platter.trouble = dice.pick(TROUBLES);
  storm.room.tolerated.add('journal-lost').add('loop-failed');
  await lasting(storm, dice.between(1_000, TROUBLE_MS_MAX), () => {
    platter.trouble = null;
  });
};

/** The VM is gone for good, and an empty one takes its place. */
export async function throwAway(storm: Storm, machine: Machine, id: string): Promise<void> {
  const { promised, doomed } = storm;
  cutPower(machine);
  // It may have left meanwhile, and joined again as another member.
  const seed = machine.platter.files.get('member-key')?.cached ?? null;
  if (seed?.length === 32) promised.leavers.add(memberIdOf(storm.room.crypto.publicKey(seed)));
  machine.platter.files.clear();
  storm.tampered.delete(machine.name);
  promised.leavers.add(id);
  await forgive(storm, machine);
  doomed.delete(machine.name);
  await pauseRun(storm.room, 1_000);
  machine.kernel.station.isOn = true;
}

/** Takes back what a VM promised, unless another one that runs knows of it. */
export async function forgive({ room, promised }: Storm, machine: Machine): Promise<void> {
  const known = new Set<string>();
  for (const other of room.machines.values()) {
    if (other === machine || other.daemon === null) continue;
    const invites = await call(room, other, { path: '/v1/invites' }).catch(() => []);
    for (const { id } of invites as readonly { readonly id: string }[]) known.add(id);
    const rows = await call(room, other, { path: '/v1/members' }).catch(() => []);
    for (const { id, role } of rows as readonly { readonly id: string; readonly role: string }[]) {
      known.add(`member ${id}`);
      if (role === 'operator') known.add(`operator ${id}`);
    }
  }
  for (const id of promised.ahead) {
    const holders = [...room.machines.values()].filter((other) => other !== machine);
    const isHeld = holders.some(
      ({ node }) => (node?.replica.valueOf(id, LATER_PATH) ?? null) !== null,
    );
    if (!isHeld) promised.ahead.delete(id);
  }
  const drop = (all: Map<string, string>, prefix: string): void => {
    for (const [id, vm] of all) if (vm === machine.name && !known.has(prefix + id)) all.delete(id);
  };
  drop(promised.invites, '');
  drop(promised.operators, 'operator ');
  drop(promised.members, 'member ');
}
