/**
 * Edge: daemons — a mesh of real daemons, one of which goes: when all others know that it is dead,
 * and who has the core role in its place, by their own word.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus, type EventRow } from '../../netns-tests/outside-api.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { RealWorld } from '../../netns-tests/world.ts';
import type { Sample } from '../figure.ts';
import { allHear, cpuMeter, openListener } from '../listener.ts';
import type { Mortals } from './mortals.ts';

/** A death that takes this long is not seen. Unit: ms. */
const DEATH_MS_MAX = 60_000;
const WHOLE_MS_MAX = 120_000;

/** What a power cut of the member that had the core role showed. */
export interface CoreDeath {
  /** Who had it. */
  readonly name: string;
  readonly death: Sample;
  /** Until all others knew the next one. */
  readonly core: Sample;
}

/** The daemons of a mesh that is whole. */
export interface DaemonMortals extends Mortals {
  /** The power of whoever has the core role fails. */
  cutCore(): Promise<CoreDeath>;
}

/** The daemons of a world; `kill` ends a daemon, and its host lives. */
export const mortalsOf = (world: RealWorld): DaemonMortals => ({
  cutPower: async (name) => {
    const [death] = await measure(world, name, (vm) => vm.powerCut(), [isDead(name)]);
    return death;
  },
  kill: async (name) => {
    const [death] = await measure(world, name, async (vm) => void vm.killDaemon(), [isDead(name)]);
    return death;
  },
  cutCore: async () => {
    const name = await coreOf(world);
    const events = [isDead(name), isCoreOtherThan(name)] as const;
    const [death, core] = await measure(world, name, (vm) => vm.powerCut(), events);
    return { name, death, core };
  },
  revive: async (name) => {
    await world.boot(name);
    await whole(world);
  },
});

type Told = (event: EventRow) => boolean;

const isDead =
  (name: string): Told =>
  ({ kind, member, text }) =>
    kind === 'state' && member === name && text === 'is dead';

const isCoreOtherThan =
  (name: string): Told =>
  ({ kind, member }) =>
    kind === 'core' && member !== name;

/** Ends the victim; for each event how long until the last of the others told it. Unit: s. */
async function measure<const Events extends readonly Told[]>(
  world: RealWorld,
  victim: string,
  end: (vm: Vm) => Promise<void>,
  events: Events,
): Promise<{ readonly [index in keyof Events]: Sample }> {
  const others = [...world.vms.values()].filter(({ name }) => name !== victim);
  const usedMs = cpuMeter(others);
  const heard = events.map(async (isIt) => {
    const listeners = await Promise.all(others.map(openListener));
    return () => allHear(listeners, isIt, DEATH_MS_MAX);
  });
  const waits = await Promise.all(heard);
  const cpuMs = usedMs();
  const startMs = performance.now();
  const told = waits.map(async (wait): Promise<Sample> => {
    const value = (Math.max(...(await wait())) - startMs) / 1_000;
    return { value, cpuMs: usedMs() - cpuMs };
  });
  await end(world.vm(victim));
  return (await Promise.all(told)) as { [index in keyof Events]: Sample };
}

/** Who has the core role, in everybody's eyes. */
async function coreOf(world: RealWorld): Promise<string> {
  let name: string | undefined;
  const agreed = async (): Promise<boolean> => {
    const all = await Promise.all([...world.vms.values()].map(askStatus));
    const names = new Set(all.map(({ core }) => core?.name));
    [name] = names;
    return names.size === 1 && name !== undefined;
  };
  await world.eventually('all agree on the core', agreed, WHOLE_MS_MAX);
  return name ?? '';
}

/** Waits until everybody reaches all. */
async function whole(world: RealWorld): Promise<void> {
  const isWhole = async (): Promise<boolean> => {
    await sleep(1_000); // Asking costs twenty answers.
    const all = await Promise.all([...world.vms.values()].map(askStatus));
    return all.every(({ reachable, total }) => reachable === total && total === world.vms.size);
  };
  await world.eventually('everybody reaches all', isWhole, WHOLE_MS_MAX);
}
