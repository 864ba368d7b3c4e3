/** Edge: steady crowd — a mesh that is left alone stays as it is, at a cost that is known. */
import { setTimeout as sleep } from 'node:timers/promises';
import { agreed } from '../../scenarios/core.ts';
import { expect } from '../../scenarios/world.ts';
import { askEvents, askMembers } from '../outside-api.ts';
import { cpuMsOf, daemonsOf, enginesOf, ownBytesOf } from '../processes.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { allTogether, crowdOf, expectDistinct, joinAtOnce, namesOf, REACHED } from './crowd.ts';

/** The crowd of the issue that asked for it. */
const CROWD = 20;
export const TWENTY = crowdOf(CROWD);

/** Time between two looks at everybody's members. */
const LOOK_MS = 10_000;
/** What the heap of a daemon at rest may swing by between two collections. Unit: bytes. */
const SWING_BYTES = 12 * 1024 * 1024;

/**
 * Goal: 20 VMs that join at once are one mesh of 190 pairs, which then stays as it is, and is the
 * same when all boot at once. Method: join them with one token; all pairs shake hands and ping both
 * ways; watch for so long; then cut the power of all, and boot them together.
 */
export const twentyAtOnce =
  (durationMs: number) =>
  async (world: RealWorld): Promise<void> => {
    const names = namesOf(CROWD);
    await joinAtOnce(world, names);
    await allTogether(world, names);
    expectDistinct(await askMembers(world.vm(names.at(-1) ?? '')), names.length);
    await staysAsItIs(world, names, durationMs);
    await allTogether(world, names);
    await offAndOn(world, names);
  };

/** All lose power at once, have it again at once, and are the same mesh, with one core. */
async function offAndOn(world: RealWorld, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => world.powerCut(name)));
  await world.timeline.act(`${names.length} boot at once`, () =>
    Promise.all(names.map((name) => world.boot(name))),
  );
  await allTogether(world, names, REACHED);
  expectDistinct(await askMembers(world.vm(names.at(-1) ?? '')), names.length);
  await agreed(world, names);
}

/** What is compared of one VM. */
interface Look {
  readonly pids: string;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly engineCpuMs: number;
}

const lookAt = (vm: Vm): Look => {
  const [daemons, engines] = [daemonsOf(vm.machine()), enginesOf(vm.machine())];
  const [daemon] = daemons;
  if (daemon === undefined) throw new Error(`${vm.name} runs no daemon`);
  return {
    pids: [...daemons, ...engines].map(({ pid }) => pid).join(' '),
    bytes: ownBytesOf(daemon.pid),
    cpuMs: cpuMsOf(daemon.pid),
    engineCpuMs: engines.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
  };
};

/**
 * Rejects unless all VMs live on with the same processes, members and memory, and no event. What it
 * cost stands in the timeline.
 */
async function staysAsItIs(
  world: RealWorld,
  names: readonly string[],
  durationMs: number,
): Promise<void> {
  const vms = names.map((name) => world.vm(name));
  const watches = await Promise.all(vms.map(watch));
  await world.timeline.act(`for ${durationMs / 1000} s all stay alive`, async () => {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      for (const vm of vms) await expectAllAlive(vm, vms.length);
      await sleep(LOOK_MS);
    }
  });
  const costs = await Promise.all(watches.map((end) => end()));
  for (const cost of costs) world.timeline.note(cost);
}

/** On a machine that is full, one may be slow to answer, and doubted for a moment. */
const PRESENT: ReadonlySet<string> = new Set(['alive', 'degraded', 'suspect']);

async function expectAllAlive(vm: Vm, count: number): Promise<void> {
  const rows = await askMembers(vm);
  const absent = rows.filter(({ state }) => !PRESENT.has(state));
  const told = absent.map(({ name, state }) => `${name} ${state}`).join(', ');
  expect(`${vm.name} sees all alive, but: ${told}`, absent.length === 0);
  expect(`${vm.name} knows ${count} members, not ${rows.length}`, rows.length === count);
}

/** Begins to watch a VM; the function that ends it gives the cost, or rejects. */
async function watch(vm: Vm): Promise<() => Promise<string>> {
  const [{ cursor }, was, startMs] = [await askEvents(vm, null), lookAt(vm), performance.now()];
  return async () => {
    const is = lookAt(vm);
    expect(`${vm.name} runs processes ${was.pids}, not ${is.pids}`, was.pids === is.pids);
    const { events } = await askEvents(vm, cursor);
    // On a full machine a member may be doubted, and the core role moves by the clock.
    const isCalm = ({ kind, text, cause }: (typeof events)[number]): boolean =>
      (kind === 'state' && !text.includes('dead')) || (kind === 'core' && cause === 'its turn');
    const told = events
      .filter((event) => !isCalm(event))
      .map(({ time, kind, member, text }) => `${time} ${kind} ${member} ${text}`);
    expect(`nothing happened on ${vm.name}, but: ${told.join('; ')}`, told.length === 0);
    const grown = `from ${megabytes(was.bytes)} to ${megabytes(is.bytes)}`;
    expect(`${vm.name} grew ${grown}`, is.bytes - was.bytes <= SWING_BYTES);
    const share = (wasMs: number, isMs: number): string =>
      `${(((isMs - wasMs) / (performance.now() - startMs)) * 100).toFixed(2)} %`;
    const [daemon, engine] = [share(was.cpuMs, is.cpuMs), share(was.engineCpuMs, is.engineCpuMs)];
    return `${vm.name}: memory ${grown}; CPU of the daemon ${daemon}, of the engine ${engine}`;
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
