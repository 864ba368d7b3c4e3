/**
 * Edge: storm — what the troubles of one run share.
 */
import type { StatusReport, World } from '../scenarios/world.ts';
import type { InviteId, MemberId } from '../src/crdt/ids.ts';
import { Fault } from '../src/fault.ts';
import { bootMachine, call, type Machine, wasEnded } from './machine.ts';
import type { Dice } from './random.ts';
import type { Room } from './room.ts';
import { machineOf, pauseRun } from './world.ts';

/** What was asked for, and what was acknowledged and may therefore never be lost. Ids. */
export interface Promised {
  /** Each with the VM that was told so. */
  readonly invites: Map<string, string>;
  readonly operators: Map<string, string>;
  readonly members: Map<string, string>;
  /** Members that began to leave: they may be gone, or seen dead where nobody heard it. */
  readonly leavers: Set<string>;
  /** Who is an operator, or was to become one, whether or not that was acknowledged. */
  readonly granted: Set<string>;
  /** Members that an operator was told to evict. */
  readonly evicted: Set<MemberId>;
  /** Whom an operator knew when it evicted somebody else: they stay, whoever let them in. */
  readonly kept: Set<MemberId>;
  /** Invites in hostile hands: whom they let in is nobody. */
  readonly stolen: Set<InviteId>;
  /** Members that ran a later release, which says what this one does not know. */
  readonly ahead: Set<MemberId>;
  /** Members from which the role was taken back. */
  readonly demoted: Set<MemberId>;
  /** Objects that were deleted by who had seen them, and were never made again; with the VM. */
  readonly deleted: Map<string, string>;
}

/** A run in trouble. */
export interface Storm {
  readonly room: Room;
  readonly world: World;
  readonly promised: Promised;
  /** Acts under way. */
  acting: number;
  /** VMs that began to join. */
  readonly joining: Set<string>;
  /** VMs that will be thrown away. */
  readonly doomed: Set<string>;
  /** VMs whose role was or is to be taken back: what they say as operators may be void. */
  readonly retired: Set<string>;
  /** VMs whose disk a fault has changed, so that it may hold less than before. */
  readonly tampered: Set<string>;
  /** What ends each trouble that lasts; run when the storm is over. Harmless when it has ended. */
  readonly remedies: Set<() => void>;
}

/** One kind of trouble. `dice` are its own. */
export type Act = (storm: Storm, dice: Dice) => Promise<void>;

/** Refusals and ends of processes are what trouble brings; anything else is a flaw. */
export const isExpected = (error: unknown): boolean =>
  (error instanceof Fault && error.code !== 'internal') || wasEnded(error);

/** Any VM. */
export const anyMachine = ({ room }: Storm, dice: Dice): Machine =>
  dice.pick([...room.machines.values()]);

/** VMs whose word counts as an operator's, as they see it, and is not to become void. */
export const operatorsOf = ({ room, doomed, retired }: Storm): readonly Machine[] =>
  [...room.machines.values()].filter(
    ({ name, node }) =>
      !doomed.has(name) &&
      !retired.has(name) &&
      node?.replica.view().operators.some(({ member }) => member === node.self) === true,
  );

/** An operator, most of the time; else any VM: what it is asked is refused then. */
export const likelyOperator = (storm: Storm, dice: Dice): Machine => {
  const operators = operatorsOf(storm);
  const isAny = operators.length === 0 || dice.chance(0.2);
  return isAny ? anyMachine(storm, dice) : dice.pick(operators);
};

/** Whether a VM's disk holds a file. */
export const holds = ({ platter }: Machine, name: string): boolean =>
  (platter.files.get(name)?.cached ?? null) !== null;

/** Whether a VM's disk holds a member. */
export const holdsMember = (machine: Machine): boolean => holds(machine, 'genesis');

/** Starts a VM where it is down and holds a member; whoever else is at it already may go on. */
export async function boot(room: Room, name: string): Promise<void> {
  const machine = machineOf(room, name);
  if (machine.lives.size > 0) return;
  if (holdsMember(machine) || holds(machine, 'leaving')) await bootMachine(room, machine);
  else machine.kernel.station.isOn = true;
}

/** A trouble that lasts: `end` comes after a while, or when the storm is over. */
export async function lasting({ room, remedies }: Storm, ms: number, end: () => void) {
  let isOver = false;
  const remedy = (): void => {
    if (!isOver) end();
    isOver = true;
    remedies.delete(remedy);
  };
  remedies.add(remedy);
  await pauseRun(room, ms);
  remedy();
}

/**
 * The id of a VM that may be lost for good: all that run and can tell take it for a node, and one
 * of them is an operator. Null for any other.
 */
async function expendable(storm: Storm, machine: Machine): Promise<string | null> {
  const { room, promised, doomed, tampered } = storm;
  if (tampered.size > 0) return null;
  const self = await selfOf(room, machine);
  if (self === null || promised.operators.has(self.id)) return null;
  if (doomed.has(machine.name) || holds(machine, 'leaving')) return null;
  let hasOperator = false;
  for (const other of room.machines.values()) {
    if (other.daemon === null || other.daemon.isPaused() || doomed.has(other.name)) continue;
    const { members } = (await call(room, other, { path: '/v1/status' })) as StatusReport;
    if (members.find(({ id }) => id === self.id)?.role === 'operator') return null;
    hasOperator ||= other !== machine && members.some(({ role }) => role === 'operator');
  }
  return hasOperator && !doomed.has(machine.name) ? self.id : null;
}

/** A VM that may be lost for good, and its member; null when there is none now. */
export async function anyExpendable(
  storm: Storm,
  dice: Dice,
): Promise<{ readonly machine: Machine; readonly id: string } | null> {
  const machines = [...storm.room.machines.values()];
  const first = dice.integer(machines.length);
  for (const machine of [...machines.slice(first), ...machines.slice(0, first)]) {
    const id = await expendable(storm, machine).catch(() => null);
    if (id !== null) return { machine, id };
  }
  return null;
}

/** Who a VM says that it is; null while it says nothing. */
export async function selfOf(room: Room, machine: Machine) {
  if (machine.daemon === null) return null;
  const status = (await call(room, machine, { path: '/v1/status' })) as {
    readonly self: { readonly id: string; readonly role: string };
  };
  return status.self;
}
