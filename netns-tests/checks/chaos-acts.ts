/**
 * Edge: chaos acts — everything that happens to members, one thing at a time, on five real daemons.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isPresent } from '../../scenarios/mesh.ts';
import { cnsmo, obey } from '../command-line.ts';
import { flapping, lossy, type Mend, oneWay } from '../impairment.ts';
import { type Dice, pick } from '../interleaving.ts';
import { setClock, startLying } from '../lying-clock.ts';
import { askMembers, askStatus } from '../outside-api.ts';
import type { RealWorld } from '../world.ts';
import type { Labels } from './chaos-labels.ts';
import { namesOf } from './crowd.ts';

/** VMs, in two sites by turns. */
export const VMS = 5;
export const NAMES = namesOf(VMS);
/** They are operators and stay; the others come and go. */
export const OPERATORS: readonly string[] = NAMES.slice(0, 2);
export const GUESTS: readonly string[] = NAMES.slice(2);
/** Longest time that a daemon stands still. Unit: ms. Longer than what counts as dead. */
const STILL_MS_MAX = 20_000;

/** A run and what it remembers. */
export interface Stage {
  readonly world: RealWorld;
  readonly dice: Dice;
  /** Acknowledged invites. */
  readonly invites: Set<string>;
  /** Ids that were evicted. */
  readonly evicted: Set<string>;
  readonly labels: Labels;
  /** What goes on behind an act. */
  readonly running: Promise<void>[];
  /** What makes links good again. */
  readonly mends: Set<Mend>;
}

/** Something that happens. Rejects where whoever is asked cannot be asked. */
export type Act = (stage: Stage) => Promise<void>;

/** Who is in the mesh, as a VM shows it. */
export const presentAt = async (world: RealWorld, name: string) =>
  (await askMembers(world.vm(name))).filter(isPresent);

const any = ({ dice }: Stage): string => pick(dice, NAMES);

/** What happens in the tests, too. */
export const ACTS: Readonly<Record<string, Act>> = {
  powerCut: async (stage) => {
    const vm = any(stage);
    if (stage.world.vm(vm).isOn()) await stage.world.powerCut(vm);
  },
  crash: async (stage) => stage.world.crash(any(stage)),
  boot: async (stage) => boot(stage, any(stage)),
  bootAgain: async (stage) => boot(stage, any(stage)),
  standStill: async (stage) => {
    const vm = any(stage);
    const pid = stage.world.vm(vm).daemonPid();
    process.kill(pid, 'SIGSTOP');
    const stillMs = stage.dice() * STILL_MS_MAX;
    stage.world.timeline.note(`${vm}: stands still for ${Math.round(stillMs)} ms`);
    stage.running.push(sleep(stillMs).then(() => goOn(pid)));
  },
  cut: async ({ world }) => world.cut('east', 'west'),
  oneWay: async ({ world, dice, mends }) => {
    const [from, to] = pick(dice, [
      ['vm1', 'vm2'],
      ['vm4', 'vm3'],
    ] as const);
    world.timeline.note(`nothing passes from ${from} to ${to}`);
    mends.add(await oneWay(world.network, world.vm(from).place, world.vm(to).place));
  },
  lose: async ({ world, mends }) => {
    world.timeline.note('20 % are lost');
    mends.add(await lossy(world.network, 20));
  },
  flap: async ({ world, mends }) => {
    world.timeline.note('links flap');
    mends.add(await flapping(world.network, 1_000));
  },
  heal: async (stage) => heal(stage),
  healAgain: async (stage) => heal(stage),
  coreCut: async ({ world }) => {
    const { core } = await askStatus(world.vm('vm1'));
    if (core !== null && world.vm(core.name).isOn()) await world.powerCut(core.name);
  },
  allOffAndOn: async (stage) => {
    const { world } = stage;
    const isOn = (name: string): boolean => world.vm(name).isOn();
    await Promise.all(NAMES.filter(isOn).map((name) => world.powerCut(name)));
    await Promise.all(NAMES.map((name) => boot(stage, name)));
  },
  invite: async (stage) => {
    const said = await obey(stage.world.vm(pick(stage.dice, OPERATORS)), ['invite', '-o', 'json']);
    stage.invites.add((JSON.parse(said) as { id: string }).id);
  },
  label: async ({ world, dice, labels }) =>
    labels.give(world, pick(dice, OPERATORS), pick(dice, NAMES)),
  stepDown: async (stage) => stage.world.stepDown(any(stage)),
  drain: async (stage) => stage.world.drain(any(stage), stage.dice() < 0.5),
  evict: async (stage) => evict(stage, pick(stage.dice, OPERATORS), pick(stage.dice, GUESTS)),
  leave: async (stage) => {
    const vm = pick(stage.dice, GUESTS);
    await stage.world.leave(vm);
  },
  join: async (stage) => {
    const { world, dice } = stage;
    const vm = pick(dice, GUESTS);
    if (!world.vm(vm).isOn()) return;
    await world.join(vm, await world.invite(pick(dice, OPERATORS)));
  },
};

/** Where an operator and a guest are in different sites. */
const ACROSS = [
  ['vm1', 'vm4'],
  ['vm2', 'vm3'],
  ['vm2', 'vm5'],
] as const;
/** How far the clock of a daemon jumps. Unit: s. Less than what is named, a bit more, and far. */
const JUMPS_S = [-3_600, -30, -3, 3, 30, 3_600] as const;

/** What happens beside that when it is run by hand. */
export const RARE_ACTS: Readonly<Record<string, Act>> = {
  evictAcross: async (stage) => {
    const { world, dice } = stage;
    const [by, whom] = pick(dice, ACROSS);
    await world.cut('east', 'west');
    try {
      await evict(stage, by, whom);
    } finally {
      await heal(stage);
    }
  },
  clockJump: async ({ world, dice }) => {
    const name = pick(dice, GUESTS);
    const offS = pick(dice, JUMPS_S);
    const vm = world.vm(name);
    if (!vm.isOn()) return;
    world.timeline.note(`${name}: its clock is wrong by ${offS} s`);
    setClock(vm, offS);
    await obey(vm, ['stop']);
    await startLying(vm);
  },
};

async function evict({ world, evicted }: Stage, by: string, whom: string): Promise<void> {
  const row = (await presentAt(world, by)).find(({ name }) => name === whom);
  if (row === undefined) return;
  evicted.add(row.id); // Before: it may be done though nobody answers any more.
  await world.evict(by, row.id);
}

/** Ends everything that is wrong with links. */
export async function heal({ world, mends }: Stage): Promise<void> {
  await world.heal();
  for (const mend of mends) await mend();
  mends.clear();
}

function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was killed meanwhile.
  }
}

/** Turns a VM on, and starts its daemon. */
export async function boot({ world }: Stage, vm: string): Promise<void> {
  if (!world.vm(vm).isOn()) await world.vm(vm).start();
  const { status, stderr } = await cnsmo(world.vm(vm), ['start']);
  world.timeline.note(`${vm}: start: ${status} ${stderr.trim()}`);
}
