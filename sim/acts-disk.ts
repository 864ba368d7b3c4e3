/**
 * Edge: acts on disks — bits that flip, older copies that come back, and copies of a whole VM.
 *
 * What a VM acknowledged and nobody else holds is lost with its disk: it is forgiven.
 */

import { journalFlaws } from './journals.ts';
import { bootMachine, call, cutPower, type Machine } from './machine.ts';
import type { File } from './platter.ts';
import { type Act, anyMachine, boot, expendable, holdsMember, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time that two VMs hold one key, or one runs on an old disk. Unit: ms. */
const DOUBLE_MS_MAX = 60_000;
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
  for (let looks = 0; looks < HEALING_LOOKS_MAX && tampered.has(machine.name); looks += 1) {
    await pauseRun(room, HEALING_MS);
    if (isHealed(storm, machine)) tampered.delete(machine.name);
  }
};

/** Whether the VM has all back that its disk lost, and so have the others. */
function isHealed({ room }: Storm, machine: Machine): boolean {
  if (!holdsMember(machine)) return true;
  const running = [...room.machines.values()].filter(({ daemon }) => daemon !== null);
  if (!running.includes(machine) || running.length === 1) return false;
  return journalFlaws(room, running).length === 0;
}

/** Copies of disks that were kept, by VM. */
type Copy = ReadonlyMap<string, File>;

const copyOf = ({ platter }: Machine): Copy =>
  new Map(
    [...platter.files]
      .filter(([, { durable }]) => durable !== null)
      .map(([name, file]) => [name, { ...file, cached: file.durable, replacedLength: null }]),
  );

const put = ({ platter }: Machine, copy: Copy): void => {
  platter.files.clear();
  for (const [name, file] of copy) platter.files.set(name, { ...file, synced: file.changes });
};

/**
 * A VM is set back to an older copy of its disk, or that copy runs beside it as another VM. Both
 * then hold one key. They are thrown away after a while; what the others hold must not suffer.
 */
export const cloned: Act = async (storm, dice) => {
  const { room } = storm;
  const machine = anyMachine(storm, dice);
  const id = await expendable(storm, machine);
  if (id === null) return;
  storm.doomed.add(machine.name);
  const copy = copyOf(machine);
  await pauseRun(room, dice.between(0, DOUBLE_MS_MAX));
  const isEmpty = (one: Machine): boolean =>
    !holdsMember(one) && one.lives.size === 0 && one.platter.files.size === 0;
  const empty = [...room.machines.values()].find(isEmpty);
  const host = empty === undefined || dice.chance(0.5) ? machine : empty;
  room.tolerated.add('key-used-elsewhere').add('author-forked').add('journal-lost');
  if (copy.get('genesis') !== undefined) {
    storm.doomed.add(host.name);
    if (host === machine) cutPower(machine);
    storm.tampered.add(host.name);
    put(host, copy);
    room.trace.note(room.scheduler.nowMs(), host.name, `runs on an old disk of ${machine.name}`);
    await bootMachine(room, host).catch(() => undefined); // It may see that it was told to go.
    await pauseRun(room, dice.between(0, DOUBLE_MS_MAX));
  }
  for (const one of new Set([machine, host])) await throwAway(storm, one, id);
};

/** The VM is gone for good, and an empty one takes its place. */
export async function throwAway(storm: Storm, machine: Machine, id: string): Promise<void> {
  const { promised, doomed } = storm;
  cutPower(machine);
  machine.platter.files.clear();
  storm.tampered.delete(machine.name);
  promised.leavers.add(id);
  await forgive(storm, machine);
  doomed.delete(machine.name);
  await pauseRun(storm.room, 1_000);
  machine.kernel.station.isOn = true;
}

/** Takes back what a VM promised, unless another one that runs knows of it. */
async function forgive({ room, promised }: Storm, machine: Machine): Promise<void> {
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
  const drop = (all: Map<string, string>, prefix: string): void => {
    for (const [id, vm] of all) if (vm === machine.name && !known.has(prefix + id)) all.delete(id);
  };
  drop(promised.invites, '');
  drop(promised.operators, 'operator ');
  drop(promised.members, 'member ');
}
