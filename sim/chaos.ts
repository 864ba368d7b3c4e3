/**
 * Edge: chaos — random faults and random acts for a while, then calm, and then everything must fit.
 *
 * What the product acknowledged meanwhile is remembered: it may never be lost.
 */

import { talk } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { Fault } from '../src/fault.ts';
import { findFlaws, type Promised } from './checks.ts';
import { bootMachine, call, type Machine, wasEnded } from './machine.ts';
import type { Dice } from './random.ts';
import type { Room } from './room.ts';
import { eventually, machineOf, pauseRun } from './world.ts';

/** Longest time in which a healed mesh must be whole again. Unit: ms. */
const CONVERGE_MS = 240_000;
/** Time in which a whole mesh must then leave every host alone. Unit: ms. */
const QUIET_MS = 60_000;

interface Storm {
  readonly room: Room;
  readonly world: World;
  readonly dice: Dice;
  readonly promised: Promised;
  /** Acts under way. */
  acting: number;
  /** VMs that began to join. */
  readonly joining: Set<string>;
}

type Act = (storm: Storm) => Promise<void>;

/** What may happen, and how often in relation to each other. */
const ACTS: readonly (readonly [weight: number, name: string, act: Act])[] = [
  [3, 'power cut', ({ room, dice, world }) => lose(room, dice, world.powerCut, 60_000)],
  [3, 'crash', ({ room, dice, world }) => lose(room, dice, world.crash, 20_000)],
  [2, 'all off', ({ room, world }) => allOff(room, world)],
  [3, 'cut', ({ world }) => world.cut('east', 'west')],
  [4, 'heal', ({ world }) => world.heal()],
  [3, 'boot', ({ room, dice }) => boot(room, dice.pick([...room.machines.keys()]))],
  [3, 'invite', (storm) => invite(storm, false)],
  [3, 'invite, then power cut', (storm) => invite(storm, true)],
  [2, 'operator', (storm) => promote(storm)],
  [3, 'join', (storm) => join(storm)],
  [1, 'leave', (storm) => leave(storm)],
  [2, 'storm', ({ room, dice }) => blow(room, dice)],
];

/** Makes `minutes` of trouble, then calms down and checks. */
export async function rage(room: Room, world: World, minutes: number): Promise<void> {
  const dice = room.dice.fork('chaos');
  const promised: Promised = {
    invites: new Set(),
    operators: new Set(),
    members: new Set(),
    leavers: new Set(),
  };
  const storm: Storm = {
    room,
    world,
    dice,
    promised,
    acting: 0,
    joining: new Set(),
  };
  await survey(storm);
  const untilMs = room.scheduler.nowMs() + minutes * 60_000;
  while (room.scheduler.nowMs() < untilMs) {
    await pauseRun(room, dice.between(0, 12_000));
    const [, name, act] = draw(dice);
    room.trace.note(room.scheduler.nowMs(), 'chaos', name);
    storm.acting += 1;
    act(storm)
      .catch((error: unknown) => {
        if (!isExpected(error)) room.scheduler.fail(error);
      })
      .finally(() => {
        storm.acting -= 1;
      });
  }
  await calm(storm);
}

/** Refusals and ends of processes are what chaos brings; anything else is a flaw. */
const isExpected = (error: unknown): boolean =>
  (error instanceof Fault && error.code !== 'internal') || wasEnded(error);

function draw(dice: Dice): (typeof ACTS)[number] {
  const sum = ACTS.reduce((total, [weight]) => total + weight, 0);
  let left = dice.between(0, sum);
  for (const act of ACTS) {
    left -= act[0];
    if (left < 0) return act;
  }
  throw new Error('no act drawn');
}

/** Notes who is a member now. */
async function survey({ room, promised }: Storm): Promise<void> {
  for (const machine of room.machines.values()) {
    if (machine.daemon === null) continue;
    const status = (await call(room, machine, { path: '/v1/status' })) as {
      self: { id: string };
    };
    promised.members.add(status.self.id);
  }
}

async function lose(
  room: Room,
  dice: Dice,
  fault: (vm: string) => Promise<void>,
  downMsMax: number,
): Promise<void> {
  const { name } = dice.pick([...room.machines.values()]);
  await fault(name);
  await pauseRun(room, dice.between(0, downMsMax));
  await boot(room, name);
}

async function allOff(room: Room, world: World): Promise<void> {
  for (const name of room.machines.keys()) await world.powerCut(name);
  await pauseRun(room, 20_000);
  for (const name of room.machines.keys()) await boot(room, name);
}

/** Starts a VM where it is down and holds a member; whoever else is at it already may go on. */
async function boot(room: Room, name: string): Promise<void> {
  const machine = machineOf(room, name);
  if (machine.lives.size > 0) return;
  const isLeaving = holds(machine, 'leaving');
  if (holdsMember(machine) || isLeaving) await bootMachine(room, machine);
  else machine.kernel.station.isOn = true;
}

const holds = ({ platter }: Machine, name: string): boolean =>
  (platter.files.get(name)?.cached ?? null) !== null;

const holdsMember = (machine: Machine): boolean => holds(machine, 'genesis');

async function invite({ room, world, dice, promised }: Storm, isCut: boolean): Promise<void> {
  const machine = dice.pick([...room.machines.values()]);
  const before = machine.platter.cuts;
  const answer = (await call(room, machine, {
    method: 'POST',
    path: '/v1/invites',
    body: { ttlMs: 3_600_000, uses: 1, labels: [] },
  })) as { id: string };
  promised.invites.add(answer.id);
  if (!isCut || before !== machine.platter.cuts) return;
  await world.powerCut(machine.name);
  await pauseRun(room, dice.between(0, 30_000));
  await boot(room, machine.name);
}

async function promote({ room, world, dice, promised }: Storm): Promise<void> {
  const machines = [...room.machines.values()];
  const [giver, taker] = [dice.pick(machines).name, dice.pick(machines).name];
  const rows = await world.members(giver);
  const { id } = rows.find(({ name, state }) => name === taker && state !== 'left') ?? {};
  if (id === undefined) return;
  await world.operatorAdd(giver, taker);
  promised.operators.add(id);
}

async function join({ room, world, dice, promised, joining }: Storm): Promise<void> {
  const empty = [...room.machines.values()].filter(
    (machine) => !holdsMember(machine) && machine.lives.size === 0 && machine.kernel.station.isOn,
  );
  if (empty.length === 0) return;
  const newcomer = dice.pick(empty);
  const token = await world.invite(dice.pick([...room.machines.keys()]));
  if (newcomer.lives.size > 0) return;
  joining.add(newcomer.name);
  await world.join(newcomer.name, token);
  promised.members.add((await world.status(newcomer.name)).self.id);
}

/** The member says farewell, or is cut midway; then it starts where it stopped. */
async function leave({ room, world, dice, promised }: Storm): Promise<void> {
  const members = [...room.machines.values()].filter(({ socket }) => socket.handler !== null);
  const isOperator = async ({ name }: Machine): Promise<boolean> =>
    (await world.status(name)).self.role === 'operator';
  const machine = members.length === 0 ? null : dice.pick(members);
  if (machine === null || (await isOperator(machine))) return;
  const { id } = (await world.status(machine.name)).self;
  promised.leavers.add(id);
  const left = world.leave(machine.name).catch((error: unknown) => {
    if (!isExpected(error)) throw error;
  });
  if (dice.chance(0.3)) {
    await pauseRun(room, dice.between(0, 500));
    await world.powerCut(machine.name);
    await pauseRun(room, dice.between(0, 20_000));
    await boot(room, machine.name);
  }
  await left;
}

/** Bad weather for a while. */
async function blow(room: Room, dice: Dice): Promise<void> {
  const { underlay } = room;
  const calm = underlay.weather;
  underlay.weather = { ...calm, loss: 0.4, gossipLoss: 0.9, farMs: calm.farMs + 400 };
  await pauseRun(room, dice.between(0, 60_000));
  underlay.weather = room.weather;
}

/** No more trouble: everybody is started, joins that were cut are finished, and all must fit. */
async function calm(storm: Storm): Promise<void> {
  const { room, world, joining } = storm;
  await world.heal();
  room.underlay.weather = room.weather;
  room.trace.note(room.scheduler.nowMs(), 'chaos', 'calm');
  const machines = [...room.machines.values()];
  const isUp = async (): Promise<boolean> => {
    if (storm.acting > 0) return false;
    for (const machine of machines) await boot(room, machine.name);
    return machines.every(
      (machine) => machine.daemon !== null || (!holdsMember(machine) && !holds(machine, 'leaving')),
    );
  };
  await eventually(room, 'every member runs', isUp, CONVERGE_MS);
  for (const machine of machines.filter(({ name }) => joining.has(name))) {
    await eventually(room, `${machine.name} joins`, () => finishJoin(storm, machine), CONVERGE_MS);
  }
  const members = machines.filter(({ daemon }) => daemon !== null);
  let flaws: readonly string[] = [];
  const isWhole = async (): Promise<boolean> => {
    flaws = await findFlaws(room, members, storm.promised);
    return flaws.length === 0;
  };
  await eventually(room, 'the mesh is whole', isWhole, CONVERGE_MS).catch((error: unknown) => {
    throw flaws.length === 0 ? error : new Error(`not whole: ${flaws.join('; ')}`);
  });
  await talk(
    world,
    members.map(({ name }) => name),
  );
  await staysQuiet(storm, members);
}

/**
 * A join that was cut is repeated. It may be refused only where the VM left before and nobody heard
 * of it: then its old name is taken until an operator evicts it.
 */
async function finishJoin(storm: Storm, machine: Machine): Promise<boolean> {
  const { room, world, promised } = storm;
  if (machine.daemon !== null) return true;
  if (holdsMember(machine)) await boot(room, machine.name);
  else {
    for (const { name } of room.machines.values()) {
      const row = await world.status(name).catch(() => null);
      if (row?.self.role !== 'operator') continue;
      const held = (await world.members(name)).filter((one) => one.name === machine.name);
      if (held.some(({ id, state }) => state !== 'left' && promised.leavers.has(id))) return true;
      await world.join(machine.name, await world.invite(name));
      break;
    }
  }
  return machine.daemon !== null;
}

/**
 * A mesh in which nothing happens changes nothing on any host, and writes no frame. Where a member
 * is dead for ever its addresses are tried in turn, so hosts may change.
 */
async function staysQuiet(storm: Storm, members: readonly Machine[]): Promise<void> {
  const { room, world, promised } = storm;
  const rows = await world.members(members[0]?.name ?? '');
  const isHaunted = rows.some(({ state }) => state === 'dead');
  const count = (): string =>
    members
      .map(({ name, kernel, platter }) => {
        const journal = platter.files.get('journal')?.cached?.length ?? 0;
        const changes = isHaunted ? 'some' : kernel.changes;
        return `${name}: ${changes} changes, journal of ${journal} bytes`;
      })
      .join('; ');
  const before = count();
  await pauseRun(room, QUIET_MS);
  const after = count();
  if (before !== after) throw new Error(`not quiet: ${before}, then ${after}`);
  const flaws = await findFlaws(room, members, promised);
  if (flaws.length > 0) throw new Error(`no longer whole: ${flaws.join('; ')}`);
}
