/**
 * Edge: acts of people — what operators and VMs are told to do, at the worst of times.
 *
 * What the product acknowledged is remembered: it may never be lost.
 */
import { isPresent } from '../scenarios/mesh.ts';
import { call, cutPower, type Machine } from './machine.ts';
import {
  type Act,
  anyMachine,
  boot,
  holdsMember,
  isExpected,
  likelyOperator,
  operatorsOf,
  type Storm,
  selfOf,
} from './storm.ts';
import { pauseRun } from './world.ts';

const makeInvite = async ({ room, promised, retired }: Storm, machine: Machine): Promise<void> => {
  if (retired.has(machine.name)) return;
  const answer = (await call(room, machine, {
    method: 'POST',
    path: '/v1/invites',
    body: { ttlMs: 3_600_000, uses: 1, labels: [] },
  })) as { id: string };
  promised.invites.set(answer.id, machine.name);
};

/** An operator makes an invite. */
export const invite: Act = (storm, dice) => makeInvite(storm, likelyOperator(storm, dice));

/** Longest time from a request until the VM is cut in the midst of it. Unit: ms. */
const MIDWAY_MS_MAX = 60;

/** An operator makes an invite, and loses its power as soon as it has it, or in the midst of it. */
export const inviteThenCut: Act = async (storm, dice) => {
  const { room } = storm;
  const machine = likelyOperator(storm, dice);
  const before = machine.platter.cuts;
  const made = makeInvite(storm, machine);
  if (dice.chance(0.5)) await made;
  else {
    const ended = made.catch((error: unknown) => {
      if (!isExpected(error)) throw error;
    });
    await Promise.race([ended, pauseRun(room, dice.between(0, MIDWAY_MS_MAX))]);
  }
  if (before !== machine.platter.cuts) return;
  if (dice.chance(0.5)) cutPower(machine);
  else machine.daemon?.end('crash');
  await pauseRun(room, dice.between(0, 30_000));
  await boot(room, machine.name);
};

/** With more operators than this more are rarely made. */
const OPERATORS_MOST = 1;

/** An operator gives another member the role. */
export const promote: Act = async (storm, dice) => {
  const { room, world, promised, doomed, retired } = storm;
  // With many operators there is nobody who may be lost.
  if (operatorsOf(storm).length > OPERATORS_MOST && !dice.chance(0.2)) return;
  const machines = [...room.machines.values()];
  const [giver, taker] = [likelyOperator(storm, dice).name, dice.pick(machines).name];
  const rows = await world.members(giver);
  const { id } = rows.find((row) => row.name === taker && isPresent(row)) ?? {};
  if (id === undefined || doomed.has(taker) || retired.has(giver) || retired.has(taker)) return;
  promised.granted.add(id);
  await world.operatorAdd(giver, taker);
  promised.operators.set(id, giver);
};

/** An operator labels a member. */
export const label: Act = async (storm, dice) => {
  const { room, world, retired } = storm;
  const machines = [...room.machines.values()];
  const changes = [`n=${dice.integer(100)}`, dice.chance(0.3) ? 'zone-' : 'zone=a'];
  const [by, of] = [likelyOperator(storm, dice).name, dice.pick(machines).name];
  if (!retired.has(by)) await world.label(by, of, changes);
};

/** An empty VM joins. */
export const join: Act = async (storm, dice) => {
  const { room, world, promised, joining, retired } = storm;
  const empty = [...room.machines.values()].filter(
    (machine) => !holdsMember(machine) && machine.lives.size === 0 && machine.kernel.station.isOn,
  );
  if (empty.length === 0) return;
  const newcomer = dice.pick(empty);
  const by = likelyOperator(storm, dice).name;
  if (retired.has(by)) return;
  const token = await world.invite(by);
  if (newcomer.lives.size > 0 || holdsMember(newcomer)) return;
  joining.add(newcomer.name);
  await world.join(newcomer.name, token);
  promised.members.set((await world.status(newcomer.name)).self.id, newcomer.name);
};

/** The member says farewell, or is cut midway; then it starts where it stopped. */
export const leave: Act = async (storm, dice) => {
  const { room, world, promised } = storm;
  const machine = anyMachine(storm, dice);
  const self = await selfOf(room, machine);
  if (self === null || self.role === 'operator') return;
  promised.leavers.add(self.id);
  const left = world.leave(machine.name).catch((error: unknown) => {
    if (!isExpected(error)) throw error;
  });
  if (dice.chance(0.3)) {
    await pauseRun(room, dice.between(0, 500));
    cutPower(machine);
    await pauseRun(room, dice.between(0, 20_000));
    await boot(room, machine.name);
  }
  await left;
};
