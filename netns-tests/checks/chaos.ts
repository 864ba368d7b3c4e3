/**
 * Edge: chaos — everything that happens to members, mixed by a seed, on real daemons; and what must
 * be true when it is over.
 *
 * What was acknowledged meanwhile is remembered: it may never be lost, unless whoever said it was
 * evicted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isPresent, isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { silentPairs } from '../all-pairs.ts';
import { cnsmo, obey } from '../command-line.ts';
import { flapping, lossy, type Mend, oneWay } from '../impairment.ts';
import { type Dice, openDice, pick } from '../interleaving.ts';
import { askEvents, askMembers, askStatus } from '../outside-api.ts';
import type { RealTest } from '../real-test.ts';
import type { RealWorld } from '../world.ts';
import { type Labels, openLabels } from './chaos-labels.ts';
import { allTogether, crowdOf, expectDistinct, joinAtOnce, namesOf } from './crowd.ts';

const VMS = 5;
const NAMES = namesOf(VMS);
/** They are operators and stay; the others come and go. */
const OPERATORS: readonly string[] = NAMES.slice(0, 2);
const GUESTS: readonly string[] = NAMES.slice(2);
/** Longest pause between two acts. Unit: ms. */
const PAUSE_MS_MAX = 4_000;
/** Longest time that a daemon stands still. Unit: ms. Longer than what counts as dead. */
const STILL_MS_MAX = 20_000;
/** Time beside the chaos: the mesh is founded, and comes together again. Unit: ms. */
const SPARE_MS = 420_000;

/** A run and what it remembers. */
interface Stage {
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

type Act = (stage: Stage) => Promise<void>;

/** Seeds are below this, so that they are easily typed. */
const SEEDS = 1_000_000;

/** Chaos of so many minutes, by a seed; when none is given, by another one each time. */
export const chaosOf = (
  minutes: number,
  seed: number = Math.floor(Math.random() * SEEDS),
): RealTest => ({
  name: `chaos-${seed}`,
  again: `npm run chaos -- --minutes ${minutes} --seed ${seed}`,
  deadlineMs: minutes * 60_000 + SPARE_MS,
  world: crowdOf(VMS),
  run: async (world) => {
    const stage: Stage = {
      world,
      dice: openDice(seed),
      invites: new Set(),
      evicted: new Set(),
      labels: openLabels(),
      running: [],
      mends: new Set(),
    };
    await joinAtOnce(world, NAMES);
    await allTogether(world, NAMES);
    await world.operatorAdd('vm1', 'vm2');
    await rage(stage, minutes * 60_000);
    await calm(stage);
  },
});

async function rage(stage: Stage, durationMs: number): Promise<void> {
  const { dice, world } = stage;
  const acts = Object.keys(ACTS);
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs) {
    const name = pick(dice, acts);
    // Whoever is asked may be off, cut off or standing still: that is what this is about.
    await ACTS[name]?.(stage).catch((error: unknown) =>
      world.timeline.note(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    );
    await sleep(dice() * PAUSE_MS_MAX);
  }
}

/** Who is in the mesh, as a VM shows it. */
const presentAt = async (world: RealWorld, name: string) =>
  (await askMembers(world.vm(name))).filter(isPresent);

const any = ({ dice }: Stage): string => pick(dice, NAMES);

const ACTS: Readonly<Record<string, Act>> = {
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
  evict: async (stage) => {
    const { world, dice, evicted } = stage;
    const [by, whom] = [pick(dice, OPERATORS), pick(dice, GUESTS)];
    const row = (await presentAt(world, by)).find(({ name }) => name === whom);
    if (row === undefined) return;
    evicted.add(row.id); // Before: it may be done though nobody answers any more.
    await world.evict(by, row.id);
  },
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

async function heal({ world, mends }: Stage): Promise<void> {
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

async function boot({ world }: Stage, vm: string): Promise<void> {
  if (!world.vm(vm).isOn()) await world.vm(vm).start();
  const { status, stderr } = await cnsmo(world.vm(vm), ['start']);
  world.timeline.note(`${vm}: start: ${status} ${stderr.trim()}`);
}

/** All on and able to reach each other: who is out joins anew; then everything must fit. */
async function calm(stage: Stage): Promise<void> {
  const { world, running, evicted } = stage;
  await Promise.all(running);
  await heal(stage);
  for (const name of NAMES) await boot(stage, name);
  for (const name of NAMES) {
    await world.drain(name, false).catch(() => undefined);
  }
  for (const name of OPERATORS) {
    await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
  }
  for (const name of GUESTS) await comesBack(stage, name);
  await world.eventually('all hold the same members', () => isSame(stage), SETTLE_MS);
  for (const name of NAMES) {
    await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
  }
  await world.eventually('one core, and all know it', () => isOneCore(world), SETTLE_MS);
  await world.eventually(
    'all pairs talk',
    async () => {
      const silent = await silentPairs(world, NAMES);
      if (silent.length > 0) throw new Error(silent.slice(0, 5).join(', '));
      return true;
    },
    SETTLE_MS,
  );
  for (const name of NAMES) await keepsItsWord(stage, name);
  world.timeline.note(`${stage.invites.size} invites, ${evicted.size} evicted`);
}

/** A guest that was evicted, left, or was cut in a join or a leave, joins as somebody new. */
async function comesBack(stage: Stage, name: string): Promise<void> {
  const { world } = stage;
  const vm = world.vm(name);
  const isIn = async (): Promise<boolean> => {
    const { self, mesh } = await askStatus(vm);
    const rows = await presentAt(world, 'vm1');
    const isSame = mesh.id === (await askStatus(world.vm('vm1'))).mesh.id;
    return isSame && rows.some(({ id }) => id === self.id);
  };
  if (await isIn().catch(() => false)) return;
  await cnsmo(vm, ['stop']);
  await cnsmo(vm, ['leave', '--local', '--yes']);
  // Its old name may still be held by a member of which nobody knows that it is gone.
  const ghosts = (await presentAt(world, 'vm1')).filter((row) => row.name === name);
  for (const { id, state } of ghosts) {
    world.timeline.note(`${name}: its ghost is evicted, which is ${state}`);
    stage.evicted.add(id);
    await world.evict('vm1', id);
  }
  await world.join(name, await world.invite('vm1'));
}

/** Whether everybody lists the same members, and all but those that left alive. */
async function isSame({ world }: Stage): Promise<boolean> {
  const lists = new Set<string>();
  for (const name of NAMES) {
    const present = await presentAt(world, name);
    const lost = present.filter(({ state }) => state !== 'alive');
    if (lost.length > 0) throw new Error(`${name}: ${lost.map((row) => row.name)} not alive`);
    if (present.length !== VMS) throw new Error(`${name} lists ${present.length}`);
    lists.add(
      JSON.stringify(
        present.map(({ id, name: called, role, labels, addresses }) => {
          return [id, called, role, Object.entries(labels).toSorted(), addresses];
        }),
      ),
    );
  }
  if (lists.size > 1) throw new Error([...lists].join(' | '));
  return true;
}

async function isOneCore(world: RealWorld): Promise<boolean> {
  const said = new Set<string>();
  for (const name of NAMES) {
    const { core } = await askStatus(world.vm(name));
    said.add(core === null ? 'nobody' : `${core.id} ${core.epoch}.${core.term}`);
  }
  if (said.size === 1 && !said.has('nobody')) return true;
  throw new Error([...said].join(', '));
}

/** What was promised is there, what was thrown out is not, and the events of it all are. */
async function keepsItsWord(stage: Stage, name: string): Promise<void> {
  const { world, invites, evicted, labels } = stage;
  const vm = world.vm(name);
  const listed = JSON.parse(await obey(vm, ['invite', 'list', '-o', 'json'])) as { id: string }[];
  const ids = new Set(listed.map(({ id }) => id));
  const lost = [...invites].filter((id) => !ids.has(id));
  expect(`${name} lost no invite, not ${lost}`, lost.length === 0);
  const rows = await presentAt(world, name);
  labels.expectKept(name, rows, OPERATORS);
  expectDistinct(rows, VMS);
  const back = rows.filter(({ id }) => evicted.has(id));
  expect(`${name} lists nobody who was evicted, not ${back.map((row) => row.name)}`, !back.length);
  const peers = (await vm.must(['wg', 'show', 'cnsmo0', 'peers'])).trimEnd().split('\n');
  expect(`${name} has a peer for each other, not ${peers.length}`, peers.length === VMS - 1);
  const { events } = await askEvents(vm, null);
  expect(
    `${name} tells what happened`,
    events.some(({ kind }) => kind === 'core'),
  );
}
