/**
 * Edge: acts of releases — VMs that are upgraded and set back, one by one, in any order.
 */
import type { Edition } from './edition.ts';
import type { Machine } from './machine.ts';
import { type Act, anyMachine, boot, isExpected, lasting, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time until a VM is started again, and for which it speaks a language of its own. */
const RESTART_MS_MAX = 5_000;
const FOREIGN_MS_MAX = 60_000;
/** Longest time for which a release is tried. Unit: ms. */
const TRIED_MS_MAX = 90_000;

/** A VM is upgraded to the next release, and mostly set back to this one after a while. */
export const change: Act = async (storm, dice) => {
  const { editions } = storm.room;
  const machine = anyMachine(storm, dice);
  const isOurs = machine.edition === editions.ours;
  await restart(storm, machine, isOurs ? editions.next : editions.ours);
  if (!isOurs || dice.chance(0.3)) return;
  await pauseRun(storm.room, dice.between(RESTART_MS_MAX, TRIED_MS_MAX));
  if (machine.edition === editions.next) await restart(storm, machine, editions.ours);
};

/** A VM runs for a while what nobody else understands. */
export const foreignWire: Act = async (storm, dice) => {
  const { editions, tolerated } = storm.room;
  tolerated.add('version-mismatch').add('join-other-version');
  const machine = anyMachine(storm, dice);
  const before = machine.edition === editions.foreign ? editions.ours : machine.edition;
  await restart(storm, machine, editions.foreign).catch((error: unknown) => {
    if (!isExpected(error)) throw error; // Whatever else befalls it as it starts, it is set back.
  });
  await lasting(storm, dice.between(RESTART_MS_MAX, FOREIGN_MS_MAX), () => {
    machine.edition = before;
    machine.daemon?.end('exit');
  });
  await boot(storm.room, machine.name);
};

async function restart({ room }: Storm, machine: Machine, edition: Edition): Promise<void> {
  machine.edition = edition;
  room.trace.note(room.scheduler.nowMs(), machine.name, 'gets another release');
  if (machine.daemon === null) return;
  machine.daemon.end('exit');
  await pauseRun(room, RESTART_MS_MAX);
  await boot(room, machine.name);
}
