/**
 * Edge: chaos — random faults and random acts for a while, then calm, and then everything must fit.
 *
 * What the product acknowledged meanwhile is remembered: it may never be lost.
 */

import { isPresent, talk } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { balancersOf } from '../src/services/lb/balancers.ts';
import { ACTS, drawWeights } from './acts.table.ts';
import { followAlarms } from './acts-clone.ts';
import { readEvidence } from './evidence.ts';
import { openLateness } from './lateness.ts';
import type { Machine } from './machine.ts';
import { clearOutcasts } from './outcasts.ts';
import { drawPlan, type Step } from './plan.ts';
import type { Dice } from './random.ts';
import type { Room } from './room.ts';
import {
  boot,
  holds,
  holdsMember,
  isExpected,
  type Promised,
  type Storm,
  selfOf,
} from './storm.ts';
import { openWatch, type Watch } from './watch.ts';
import { gather } from './whole.ts';
import { eventually, pauseRun } from './world.ts';

/** Longest time in which a healed mesh must be whole again. Unit: ms. */
const CONVERGE_MS = 240_000;
/** Time in which a whole mesh must then leave every host alone. Unit: ms. */
const QUIET_MS = 60_000;
/** Longest time for which members may then disagree who is core. Unit: ms. Invariant I2. */
const CHANGE_MS = 20_000;
/** How often that is tried: who doubts its disk says all anew some time after it may. */
const QUIET_TRIES = 4;

/** What a storm is made of. */
export interface StormWish {
  /** Length, virtual minutes. */
  readonly minutes: number;
  /** Whether all VMs that are in no mesh join first. */
  readonly isWhole: boolean;
  /** Numbers of the steps that happen; null: all of them. */
  readonly only: readonly number[] | null;
  /** Told of each step that happens. */
  readonly onStep: (step: Step) => void;
}

/** Makes trouble for a while, then calms down and checks. */
export async function rage(room: Room, world: World, wish: StormWish): Promise<void> {
  const promised: Promised = {
    invites: new Map(),
    operators: new Map(),
    members: new Map(),
    leavers: new Set(),
    granted: new Set(),
    evicted: new Set(),
    kept: new Set(),
    demoted: new Set(),
    deleted: new Map(),
    stolen: new Set(),
    ahead: new Set(),
  };
  const storm: Storm = {
    room,
    world,
    promised,
    acting: 0,
    joining: new Set(),
    doomed: new Set(),
    retired: new Set(),
    tampered: new Set(),
    remedies: new Set(),
  };
  await clearOutcasts(storm, false);
  await survey(storm);
  if (wish.isWhole) await gather(storm);
  let isOver = false;
  const watch = openWatch(storm);
  watch.run(() => isOver).catch(room.scheduler.fail);
  const dice = room.dice.fork('chaos');
  const startMs = room.scheduler.nowMs();
  const { minutes, only, onStep } = wish;
  const weights = drawWeights(dice.fork('share'));
  for (const step of drawPlan(dice, weights, { durationMs: minutes * 60_000, only })) {
    await pauseRun(room, startMs + step.atMs - room.scheduler.nowMs());
    onStep(step);
    begin(storm, step, dice.fork(`step ${step.number}`));
  }
  await calm(storm, watch);
  isOver = true;
}

function begin(storm: Storm, { number, act }: Step, dice: Dice): void {
  const { room } = storm;
  room.trace.note(room.scheduler.nowMs(), 'chaos', `${number} ${act}`);
  storm.acting += 1;
  const acted = ACTS[act]?.run(storm, dice) ?? Promise.reject(new Error(`no act ${act}`));
  acted
    .catch((error: unknown) => {
      if (!isExpected(error)) room.scheduler.fail(error);
    })
    .finally(() => {
      storm.acting -= 1;
    });
}

const ROLE = trustPath('role', '');

/** Notes who is a member now, and who was an operator so far. */
async function survey({ room, promised }: Storm): Promise<void> {
  for (const machine of room.machines.values()) {
    const self = await selfOf(room, machine);
    if (self !== null) promised.members.set(self.id, machine.name);
    for (const { member } of machine.node?.replica.view().operators ?? []) {
      promised.granted.add(member);
    }
    // A disk that loses an eviction again takes its victim for what it was.
    for (const bytes of machine.archive) {
      for (const { path } of readEvidence(room.crypto, bytes)?.said ?? []) {
        if (path.startsWith(ROLE)) promised.granted.add(path.slice(ROLE.length));
      }
    }
  }
}

/** No more trouble: everybody is started, joins that were cut are finished, and all must fit. */
async function calm(storm: Storm, watch: Watch): Promise<void> {
  const { room, world, joining } = storm;
  for (const end of [...storm.remedies]) end();
  await world.heal();
  room.trace.note(room.scheduler.nowMs(), 'chaos', 'calm');
  const machines = [...room.machines.values()];
  const isUp = async (): Promise<boolean> => {
    if (storm.acting > 0) return false;
    await clearOutcasts(storm, true);
    for (const machine of machines) await boot(room, machine.name);
    return machines.every(
      (machine) => machine.daemon !== null || (!holdsMember(machine) && !holds(machine, 'leaving')),
    );
  };
  await eventually(room, 'every member runs', isUp, CONVERGE_MS);
  for (const machine of machines.filter(({ name }) => joining.has(name))) {
    await eventually(room, `${machine.name} joins`, () => finishJoin(storm, machine), CONVERGE_MS);
  }
  let members = machines.filter(({ daemon }) => daemon !== null);
  // Nobody is left who could give back what the damaged disks lost.
  if (members.every(({ name }) => storm.tampered.has(name))) return;
  let flaws: readonly string[] = [];
  const lateness = openLateness(room);
  const isWhole = async (): Promise<boolean> => {
    await clearOutcasts(storm, true);
    await followAlarms(storm);
    members = machines.filter(({ daemon }) => daemon !== null);
    try {
      lateness(members);
    } catch (error) {
      room.scheduler.fail(error);
    }
    flaws = await watch.flawsOf(members);
    return flaws.length === 0;
  };
  await eventually(room, 'the mesh is whole', isWhole, CONVERGE_MS).catch((error: unknown) => {
    throw flaws.length === 0 ? error : new Error(`not whole: ${flaws.join('; ')}`);
  });
  await talk(
    world,
    members.map(({ name }) => name),
  );
  await staysQuiet(storm, watch, members);
}

/**
 * A join that was cut is repeated. It may be refused only where the VM left before and nobody heard
 * of it: then its old name is taken until an operator evicts it; and where the last member there is
 * has a damaged disk, and nobody is left who could say what it lost.
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
      if (held.some((row) => isPresent(row) && promised.leavers.has(row.id))) return true;
      const isLast =
        [...room.machines.values()].filter(({ daemon }) => daemon !== null).length === 1;
      if (isLast && storm.tampered.has(name)) return true;
      await world.join(machine.name, await world.invite(name));
      break;
    }
  }
  return machine.daemon !== null;
}

/** Of so many lost packets a probe of a backend loses all now and then: it is out for seconds. */
const LOSS_TAKEN_FOR_DEATH = 0.15;

const isBalancing = ({ node }: Machine): boolean =>
  node !== null && balancersOf(node.replica.view()).balancers.length > 0;

/**
 * A mesh in which nothing happens changes nothing on any host, and writes no frame. Where a member
 * is dead for ever, or soon found to be, its addresses are tried in turn, so hosts may change; and
 * so they may where the network alone makes a backend seem dead.
 */
async function staysQuiet(
  { room, world }: Storm,
  watch: Watch,
  members: readonly Machine[],
): Promise<void> {
  const rows = await world.members(members[0]?.name ?? '');
  const isHaunted =
    rows.some(({ state }) => state === 'dead' || state === 'suspect') ||
    (room.underlay.weather.loss >= LOSS_TAKEN_FOR_DEATH && members.some(isBalancing));
  const count = (): string =>
    members
      .map(({ name, kernel, platter }) => {
        const journal = platter.files.get('journal')?.cached?.length ?? 0;
        const changes = isHaunted ? 'some' : kernel.changes;
        return `${name}: ${changes} changes, journal of ${journal} bytes`;
      })
      .join('; ');
  let before = '';
  let after = count();
  for (let tries = 0; before !== after; tries += 1) {
    if (tries === QUIET_TRIES) throw new Error(`not quiet: ${before}, then ${after}`);
    before = count();
    await pauseRun(room, QUIET_MS);
    after = count();
  }
  // The core role changes hands every ten minutes, and no two clocks are alike.
  let flaws: readonly string[] = [];
  const isWhole = async (): Promise<boolean> => {
    flaws = await watch.flawsOf(members);
    return flaws.length === 0;
  };
  await eventually(room, 'the mesh stays whole', isWhole, CHANGE_MS).catch((error: unknown) => {
    throw flaws.length === 0 ? error : new Error(`no longer whole: ${flaws.join('; ')}`);
  });
}
