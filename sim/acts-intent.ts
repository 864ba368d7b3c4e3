/**
 * Edge: acts of intent — what operators decide about the mesh, and take back.
 */

import type { Machine } from './machine.ts';
import type { Room } from './room.ts';
import { type Act, likelyOperator, operatorsOf } from './storm.ts';
import { ask, pauseRun } from './world.ts';

/** Longest wait until another operator has heard of an object. Unit: ms. */
const HEARD_MS = 30_000;
const LOOK_MS = 1_000;
/** What a turn of the core role may last. Unit: ms. */
const TURNS_MS = [30_000, 60_000, 300_000, 600_000] as const;

const tell = (room: Room, { name }: Machine, verb: string, given: object): Promise<unknown> =>
  ask(room, name, {
    method: 'POST',
    path: `/v1/services/firewall/group/${verb}`,
    body: { arguments: given },
  });

/** One operator makes an object, another one that has seen it deletes it; nobody makes it again. */
export const deleted: Act = async (storm, dice) => {
  const { room, promised } = storm;
  const operators = operatorsOf(storm);
  if (operators.length === 0) return;
  const maker = dice.pick(operators);
  const others = operators.filter((one) => one !== maker);
  const eraser = others.length === 0 ? maker : dice.pick(others);
  const name = `gone-${dice.integer(1_000_000)}`;
  await tell(room, maker, 'set', { name, members: ['203.0.113.0/24'] });
  for (let waitedMs = 0; !knowsGroup(eraser, name); waitedMs += LOOK_MS) {
    if (waitedMs > HEARD_MS) return;
    await pauseRun(room, LOOK_MS);
  }
  await tell(room, eraser, 'delete', { name });
  promised.deleted.set(name, eraser.name);
};

/** Whether a VM knows a group of that name. */
export const knowsGroup = ({ node }: Machine, group: string): boolean =>
  node?.replica.view().intent.some(({ kind, name }) => kind === 'group' && name === group) === true;

/** An operator sets how long a turn of the core role is. */
export const turn: Act = async (storm, dice) => {
  const by = likelyOperator(storm, dice).name;
  const epochMs = dice.pick(TURNS_MS);
  await ask(storm.room, by, { method: 'PUT', path: '/v1/core/epoch', body: { epochMs } });
};

/** Whoever has the core role gives it away. */
export const stepDown: Act = async ({ room, world }) => {
  const holder = [...room.machines.values()].find(({ node }) => node?.core.isActing() === true);
  if (holder !== undefined) await world.stepDown(holder.name);
};
