/**
 * Edge: room — everything of one simulated run: time, chance, network and VMs, all from one seed.
 */

import { VMS } from '../scenarios/world.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import type { Crypto } from '../src/ports.ts';
import { openSettle } from './ban.ts';
import type { Bug } from './bugs.table.ts';
import { START_WALL_MS } from './clock.ts';
import { stubCrypto } from './crypto.ts';
import { type Edition, GENUINE } from './edition.ts';
import { bootKernel } from './kernel.ts';
import type { Machine } from './machine.ts';
import type { Hall } from './party.ts';
import { type DiskHabits, makePlatter } from './platter.ts';
import { type Dice, openDice } from './random.ts';
import { openScheduler, type Scheduler } from './scheduler.ts';
import { openTrace, type Trace } from './trace.ts';
import { openTunnels, type Tunnels } from './tunnel.ts';
import { openUnderlay, type Station, type Underlay, type Weather } from './underlay.ts';
import { openWires } from './wire.ts';

/** What VMs of a run may run. */
export interface Editions {
  readonly ours: Edition;
  /** The release after it. */
  readonly next: Edition;
  /** One with which nothing can be exchanged. */
  readonly foreign: Edition;
}

const ONLY_OURS: Editions = { ours: GENUINE, next: GENUINE, foreign: GENUINE };

/** How a run is asked for. */
export interface RunOptions {
  readonly seed: number;
  /** VMs in the room; at least those of `VMS`. */
  readonly vms: number;
  readonly bug: Bug | null;
  /** What the VMs run; the product as it is when nothing else is said. */
  readonly editions?: Editions;
  /** Sees every line of the trace. */
  readonly onLine?: (line: string) => void;
}

/** One run. */
export interface Room {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly dice: Dice;
  readonly crypto: Crypto;
  readonly underlay: Underlay;
  /** The weather of the seed. */
  readonly weather: Weather;
  readonly hall: Hall;
  readonly tunnels: Tunnels;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly bug: Bug | null;
  readonly editions: Editions;
  /** Errors in logs that the run brings about itself. */
  readonly tolerated: Set<string>;
}

/** One seed in so many runs on real signatures. */
const REAL_CRYPTO_EVERY = 100;
/**
 * How far a VM's clock may be off. Two may differ by twice that; the mesh holds frames from 10 s.
 */
const SKEW_MS_MAX = 4_000;

/** Builds the room of a seed. */
export function openRoom(options: RunOptions): Room {
  const { seed, vms, bug, editions = ONLY_OURS, onLine } = options;
  const dice = openDice(`${seed}`);
  const scheduler = openScheduler(openSettle());
  const trace = openTrace(onLine);
  const crypto = seed % REAL_CRYPTO_EVERY === 0 ? openCrypto() : stubCrypto;
  const stations = makeStations(dice.fork('sites'), vms);
  const weather = drawWeather(dice.fork('weather'));
  const underlay = openUnderlay(dice.fork('underlay'), stations, weather);
  const habits = {
    writeMsMax: dice.pick([0.5, 2, 20]),
    syncMsMax: dice.pick([1, 10, 100]),
    appendLagMsMax: null,
    ...bug?.disk,
  };
  const machines = stations.map((station) =>
    makeMachine({ station, edition: editions.ours, habits }, scheduler, dice.fork(station.vm)),
  );
  const kernels = machines.map(({ kernel }) => kernel);
  return {
    scheduler,
    trace,
    dice,
    crypto,
    underlay,
    weather,
    hall: {
      scheduler,
      underlay,
      wires: openWires(scheduler, underlay),
      trace,
      listeners: new Map(),
      hostile: new Set(),
      onReject: (who) => scheduler.fail(new Error(`${who} rejects an honest member's frame`)),
    },
    tunnels: openTunnels(scheduler, underlay, dice.fork('tunnels'), kernels),
    machines: new Map(machines.map((machine) => [machine.name, machine])),
    bug,
    editions,
    tolerated: new Set(),
  };
}

interface Make {
  readonly station: Station;
  readonly edition: Edition;
  readonly habits: DiskHabits;
}

function makeMachine(
  { station, edition, habits }: Make,
  scheduler: Scheduler,
  dice: Dice,
): Machine {
  const skewMs = dice.between(-SKEW_MS_MAX, SKEW_MS_MAX);
  const clock = {
    nowMs: scheduler.nowMs,
    wallMs: () => START_WALL_MS + scheduler.nowMs() + machine.skewMs,
  };
  const machine: Machine = {
    name: station.vm,
    kernel: bootKernel(station, dice.chance(0.5), clock),
    platter: makePlatter(dice.fork('disk'), habits),
    socket: { handler: null },
    children: new Map(),
    files: new Map(),
    skewMs,
    wallMostMs: 0,
    clockSets: 0,
    oldDisks: 0,
    tools: { failing: 0, hanging: 0 },
    bootedMs: 0,
    edition,
    daemon: null,
    node: null,
    archive: [],
    lives: new Set(),
    started: 0,
  };
  return machine;
}

/** VMs beyond those of the scenarios stand in the same two sites by turns. */
function makeStations(dice: Dice, vms: number): readonly Station[] {
  const isWestMapped = dice.chance(0.3);
  return Array.from({ length: Math.max(vms, VMS.length) }, (_, index) => {
    const { name, site } = VMS[index] ?? {
      name: `vm${index + 1}`,
      site: index % 2 === 0 ? 'east' : 'west',
    };
    const isMapped = isWestMapped && site === 'west';
    const own = `192.168.${site === 'east' ? 1 : 2}.${index + 1}`;
    const publicHost = isMapped ? `203.0.113.${index + 1}` : null;
    return { vm: name, site, addresses: [own], publicHost, isOn: true };
  });
}

const drawWeather = (dice: Dice): Weather => ({
  loss: dice.pick([0, 0.01, 0.05, 0.15]),
  gossipLoss: dice.pick([0, 0.05, 0.3]),
  duplication: dice.pick([0, 0.02, 0.1]),
  reordering: dice.pick([0, 0.05, 0.3]),
  nearMs: dice.pick([0.2, 1, 5]),
  farMs: dice.pick([5, 20, 80]),
  jitterMs: dice.pick([0, 2, 30]),
});
