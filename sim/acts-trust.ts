/**
 * Edge: acts of trust — operators who throw members out and take roles back.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { throwAway } from './acts-disk.ts';
import { attack } from './acts-hostile.ts';
import { anyOperator, evictBy } from './eviction.ts';
import { call } from './machine.ts';
import { type Act, anyExpendable, anyMachine, boot, selfOf } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time for which an evicted VM goes on. Unit: ms. */
const OUTCAST_MS_MAX = 60_000;

/**
 * An operator throws a node out, which hears of it sooner or later, or never: it goes on as it did,
 * or turns hostile. Then its VM is cleared.
 */
export const evict: Act = async (storm, dice) => {
  const { room } = storm;
  const chosen = await anyExpendable(storm, dice);
  const operator = await anyOperator(storm);
  if (chosen === null || operator === null || operator === chosen.machine) return;
  const { machine: victim, id } = chosen;
  storm.doomed.add(victim.name);
  const isAway = dice.chance(0.3);
  if (isAway) victim.daemon?.end('crash');
  await evictBy(storm, operator, { machine: victim, id, isCascade: false });
  await pauseRun(room, dice.between(0, OUTCAST_MS_MAX));
  if (isAway) await boot(room, victim.name).catch(() => undefined);
  if (dice.chance(0.5)) {
    room.hall.hostile.add(id);
    victim.daemon?.end('crash');
    await attack(storm, victim, dice);
  } else await pauseRun(room, dice.between(0, OUTCAST_MS_MAX));
  await throwAway(storm, victim, id);
};

/**
 * An operator takes the role of another back, which has decided nothing yet: what it said and the
 * first did not hear of would be void, also where it was acknowledged.
 */
export const demote: Act = async (storm, dice) => {
  const { room, promised, retired, doomed, tampered } = storm;
  const operator = await anyOperator(storm);
  const machine = anyMachine(storm, dice);
  const self = await selfOf(room, machine);
  if (self === null || operator === null || operator === machine || tampered.size > 0) return;
  if (doomed.has(machine.name) || !promised.operators.has(self.id)) return;
  if (machine.node?.replica.pathsOf(self.id as MemberId).some(isDecision) !== false) return;
  room.trace.note(room.scheduler.nowMs(), operator.name, `takes the role of ${machine.name}`);
  retired.add(machine.name);
  promised.operators.delete(self.id);
  await call(room, operator, { method: 'DELETE', path: `/v1/operators/${self.id}` });
  promised.demoted.add(self.id as MemberId);
};

const isDecision = (path: string): boolean =>
  path.startsWith('intent/') || (path.startsWith('trust/') && !path.startsWith('trust/admission/'));
