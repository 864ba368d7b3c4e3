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
export const invite: Act = (storm, dice) => makeInvite(storm, anyMachine(storm, dice));

/** An operator makes an invite, and loses its power as soon as it has it. */
export const inviteThenCut: Act = async (storm, dice) => {
  const { room } = storm;
  const machine = anyMachine(storm, dice);
  const before = machine.platter.cuts;
  await makeInvite(storm, machine);
  if (before !== machine.platter.cuts) return;
  cutPower(machine);
  await pauseRun(room, dice.between(0, 30_000));
  await boot(room, machine.name);
};

/** An operator gives another member the role. */
export const promote: Act = async ({ room, world, promised, doomed, retired }, dice) => {
  const machines = [...room.machines.values()];
  const [giver, taker] = [dice.pick(machines).name, dice.pick(machines).name];
  const rows = await world.members(giver);
  const { id } = rows.find((row) => row.name === taker && isPresent(row)) ?? {};
  if (id === undefined || doomed.has(taker) || retired.has(giver) || retired.has(taker)) return;
  promised.granted.add(id);
  await world.operatorAdd(giver, taker);
  promised.operators.set(id, giver);
};

/** An operator labels a member. */
export const label: Act = async ({ room, world, retired }, dice) => {
  const machines = [...room.machines.values()];
  const changes = [`n=${dice.integer(100)}`, dice.chance(0.3) ? 'zone-' : 'zone=a'];
  const [by, of] = [dice.pick(machines).name, dice.pick(machines).name];
  if (!retired.has(by)) await world.label(by, of, changes);
};

/** An empty VM joins. */
export const join: Act = async ({ room, world, promised, joining, retired }, dice) => {
  const empty = [...room.machines.values()].filter(
    (machine) => !holdsMember(machine) && machine.lives.size === 0 && machine.kernel.station.isOn,
  );
  if (empty.length === 0) return;
  const newcomer = dice.pick(empty);
  const by = dice.pick([...room.machines.keys()].filter((name) => !retired.has(name)));
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
