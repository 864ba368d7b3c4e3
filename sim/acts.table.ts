/**
 * Edge: acts — every kind of trouble by name, and how often it comes.
 */
import { balance } from './acts-balancing.ts';
import { cloned } from './acts-clone.ts';
import { badDisk, rot } from './acts-disk.ts';
import { onTrial, police } from './acts-firewall.ts';
import { badTools, clockJump, engineKilled, foreignEdit, strayed } from './acts-host.ts';
import { hostile } from './acts-hostile.ts';
import { deleted, stepDown, turn } from './acts-intent.ts';
import { intruder } from './acts-intruder.ts';
import { blow, cutSites, flapping, heal, oneWay, partition, slowLink } from './acts-net.ts';
import { invite, inviteThenCut, join, label, leave, promote } from './acts-people.ts';
import { allOff, bootAny, crash, powerCut, standStill } from './acts-power.ts';
import { change, foreignWire } from './acts-release.ts';
import { demote, evict } from './acts-trust.ts';
import type { Weights } from './plan.ts';
import type { Dice } from './random.ts';
import type { Act } from './storm.ts';

/** A kind of trouble. */
interface Kind {
  readonly weight: number;
  readonly run: Act;
  /** In how many runs it may happen; absent: in all. */
  readonly share?: number;
}

/** Name → what happens, and its weight. */
export const ACTS: Readonly<Record<string, Kind>> = {
  'power-cut': { weight: 3, run: powerCut },
  crash: { weight: 3, run: crash },
  'all-off': { weight: 1, run: allOff },
  boot: { weight: 3, run: bootAny },
  'stand-still': { weight: 3, run: standStill },
  cut: { weight: 2, run: cutSites },
  heal: { weight: 4, run: heal },
  partition: { weight: 2, run: partition },
  'one-way': { weight: 3, run: oneWay },
  flapping: { weight: 2, run: flapping },
  'slow-link': { weight: 2, run: slowLink },
  weather: { weight: 2, run: blow },
  'bad-tools': { weight: 2, run: badTools },
  'foreign-edit': { weight: 2, run: foreignEdit },
  'engine-killed': { weight: 1, run: engineKilled },
  'clock-jump': { weight: 2, run: clockJump },
  strayed: { weight: 2, run: strayed },
  rot: { weight: 2, run: rot },
  'bad-disk': { weight: 2, run: badDisk },
  cloned: { weight: 2, run: cloned },
  hostile: { weight: 3, run: hostile },
  intruder: { weight: 2, run: intruder },
  invite: { weight: 3, run: invite },
  'invite-then-power-cut': { weight: 3, run: inviteThenCut },
  operator: { weight: 2, run: promote },
  label: { weight: 2, run: label },
  police: { weight: 2, run: police },
  'on-trial': { weight: 2, run: onTrial },
  deleted: { weight: 2, run: deleted },
  turn: { weight: 1, run: turn },
  'step-down': { weight: 1, run: stepDown },
  join: { weight: 3, run: join },
  leave: { weight: 1, run: leave },
  evict: { weight: 2, run: evict },
  demote: { weight: 2, run: demote },
  release: { weight: 3, run: change },
  // Programs that are probed every second take half as much time again as all else.
  balance: { weight: 10, run: balance, share: 0.25 },
  'foreign-wire': { weight: 1, run: foreignWire },
};

/** Name → weight, of all that may happen in a run; `dice` are for this alone. */
export const drawWeights = (dice: Dice): Weights =>
  Object.fromEntries(
    Object.entries(ACTS)
      .filter(([name, { share }]) => share === undefined || dice.fork(name).chance(share))
      .map(([name, { weight }]) => [name, weight]),
  );
