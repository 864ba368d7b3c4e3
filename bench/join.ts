/**
 * Edge: bench of joining — from the moment at which `cnsmo join` is typed to the first ping that
 * the founder answers over the VPN: one VM, five at once, twenty at once.
 *
 * One VM joins a mesh of two, leaves and joins again. A crowd joins a founder that is alone, each
 * round in new VMs; a round is over when the last of them has its answer.
 */

import { crowdOf, foundFor, namesOf } from '../netns-tests/checks/crowd.ts';
import { join } from '../netns-tests/command-line.ts';
import { cpuMsOf, daemonsOf, enginesOf } from '../netns-tests/processes.ts';
import { openWorld, type RealWorld } from '../netns-tests/world.ts';
import { isReady, SETTLE_MS } from '../scenarios/mesh.ts';
import type { Bench } from './bench.ts';
import { endedChildrenCpuMs } from './cpu.ts';
import type { Figure, Limit, Sample } from './figure.ts';
import { takeRounds } from './rounds.ts';

/** Rounds when nothing else is said; the issue that set the limits wants 20 of the first. */
const ROUNDS = 20;
/** Most rounds of a crowd: one takes as long as all rounds of one VM. */
const CROWD_ROUNDS_MAX = 2;
const CROWDS = [
  { count: 5, limits: [{ of: 'worst', series: 'cnsmo', atMost: 8 }] },
  { count: 20, limits: [{ of: 'worst', series: 'cnsmo', atMost: 30 }] },
] as const;
const ONE: readonly Limit[] = [
  { of: 'median', series: 'cnsmo', atMost: 2 },
  { of: 'worst', series: 'cnsmo', atMost: 4 },
];

/** The founder of a mesh has the first address of its prefix. */
const FOUNDER_ADDRESS = '10.10.0.1';
/**
 * One process that pings until one is answered, or the way is not there at all: twenty that each
 * start a process for every try would take a third of two cores from what is measured. Its pauses
 * are the error of the measurement.
 */
const PING = 'until ping -n -q -c 1 -i 0.05 -w 20 "$1" > /dev/null 2>&1; do sleep 0.05; done';
const PING_MS_MAX = 90_000;

/** The bench. */
export const benchJoin: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const figures: Figure[] = [await joinOne(count, (round) => tell(`join, ${round} of ${count}`))];
  for (const { count: crowd, limits } of CROWDS) {
    const crowdRounds = Math.min(count, CROWD_ROUNDS_MAX);
    const measure = { cnsmo: () => joinCrowd(crowd) };
    const series = await takeRounds(measure, crowdRounds, (round) =>
      tell(`${crowd} join at once, round ${round} of ${crowdRounds}`),
    );
    figures.push({ name: `${crowd} at once, last first ping`, unit: 's', series, limits });
  }
  return figures;
};

async function joinOne(count: number, tell: (round: number) => void): Promise<Figure> {
  const names = namesOf(3);
  const world = await openWorld(crowdOf(names.length));
  try {
    const [founder = '', second = '', last = ''] = names;
    const token = await foundFor(world, founder, count + 2);
    await join(world.vm(second), token);
    await world.eventually(`${second} is ready`, () => isReady(world, second), SETTLE_MS);
    const measure = async (): Promise<Sample> => {
      const sample = await firstPing(world, [last], token);
      await world.eventually(`${last} is ready`, () => isReady(world, last), SETTLE_MS);
      await world.leave(last);
      return sample;
    };
    const series = await takeRounds({ cnsmo: measure }, count, tell);
    return { name: 'join to first ping', unit: 's', series, limits: ONE };
  } finally {
    await world.end();
  }
}

async function joinCrowd(count: number): Promise<Sample> {
  const [founder = '', ...others] = namesOf(count + 1);
  const world = await openWorld(crowdOf(count + 1));
  try {
    const token = await foundFor(world, founder, count);
    return await firstPing(world, others, token);
  } finally {
    await world.end();
  }
}

/** Lets them join; s until the founder has answered the last of them, and the CPU time of all. */
async function firstPing(
  world: RealWorld,
  names: readonly string[],
  token: string,
): Promise<Sample> {
  const cpuMs = usedMs(world);
  const startMs = performance.now();
  const joinAndPing = async (name: string): Promise<void> => {
    await join(world.vm(name), token);
    // Not sooner: pings of twenty VMs in vain would be half of what is measured.
    const argv = ['sh', '-c', PING, 'sh', FOUNDER_ADDRESS];
    await world.vm(name).must(argv, { timeoutMs: PING_MS_MAX });
  };
  await Promise.all(names.map(joinAndPing));
  const value = (performance.now() - startMs) / 1000;
  return { value, cpuMs: usedMs(world) - cpuMs };
}

/** CPU time of all daemons and engines so far, and of the commands that have ended. */
const usedMs = (world: RealWorld): number =>
  [...world.vms.values()]
    .filter((vm) => vm.isOn())
    .flatMap((vm) => [...daemonsOf(vm.machine()), ...enginesOf(vm.machine())])
    .reduce((sum, { pid }) => sum + cpuMsOf(pid), endedChildrenCpuMs());
