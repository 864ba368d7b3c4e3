/**
 * Edge: acts of power — VMs and daemons that end, or stand still, and come back.
 */
import { cutPower, type Machine } from './machine.ts';
import type { Dice } from './random.ts';
import { type Act, anyMachine, boot, lasting, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time that a VM or a daemon is down. Unit: ms. */
const OFF_MS_MAX = 60_000;
const DOWN_MS_MAX = 20_000;
/** Longest time that a process stands still. Unit: ms. Over the silence that closes connections. */
const STILL_MS_MAX = 60_000;

const lose = async (
  { room }: Storm,
  dice: Dice,
  { name }: Machine,
  downMsMax: number,
): Promise<void> => {
  await pauseRun(room, dice.between(0, downMsMax));
  await boot(room, name);
};

/** A VM is gone without a word. */
export const powerCut: Act = async (storm, dice) => {
  const machine = anyMachine(storm, dice);
  cutPower(machine);
  await lose(storm, dice, machine, OFF_MS_MAX);
};

/** A daemon is killed. */
export const crash: Act = async (storm, dice) => {
  const machine = anyMachine(storm, dice);
  machine.daemon?.end('crash');
  await lose(storm, dice, machine, DOWN_MS_MAX);
};

/** Nobody has power. */
export const allOff: Act = async ({ room, world }) => {
  for (const name of room.machines.keys()) await world.powerCut(name);
  await pauseRun(room, DOWN_MS_MAX);
  for (const name of room.machines.keys()) await boot(room, name);
};

/** A VM that is down is started. */
export const bootAny: Act = (storm, dice) => boot(storm.room, anyMachine(storm, dice).name);

/** A daemon stands still, as by SIGSTOP: its kernel goes on, it does not. */
export const standStill: Act = async (storm, dice) => {
  const { daemon } = anyMachine(storm, dice);
  if (daemon === null) return;
  daemon.pause();
  await lasting(storm, dice.between(500, STILL_MS_MAX), daemon.resume);
};
