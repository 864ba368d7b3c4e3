/**
 * Edge: chaos — everything that happens to members, mixed by a seed, on real daemons; and what must
 * be true when it is over.
 *
 * What was acknowledged meanwhile is remembered: it may never be lost, unless whoever said it was
 * evicted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { silentPairs } from '../all-pairs.ts';
import { cnsmo, obey } from '../command-line.ts';
import { openDice, pick } from '../interleaving.ts';
import { setClock } from '../lying-clock.ts';
import { askEvents, askStatus } from '../outside-api.ts';
import type { RealTest } from '../real-test.ts';
import type { RealWorld } from '../world.ts';
import {
  ACTS,
  type Act,
  boot,
  GUESTS,
  heal,
  NAMES,
  OPERATORS,
  presentAt,
  RARE_ACTS,
  type Stage,
  VMS,
} from './chaos-acts.ts';
import { openLabels } from './chaos-labels.ts';
import { allTogether, crowdOf, expectDistinct, joinAtOnce } from './crowd.ts';

/** Longest pause between two acts. Unit: ms. */
const PAUSE_MS_MAX = 4_000;

/** Time beside the chaos: the mesh is founded, and comes together again. Unit: ms. */
const SPARE_MS = 420_000;

/** Seeds are below this, so that they are easily typed. */
const SEEDS = 1_000_000;

type Acts = Readonly<Record<string, Act>>;

/** Chaos as the tests have it, of so many minutes, by a seed; without one it is drawn. */
export const dailyChaos = (minutes: number, seed = drawSeed()): RealTest => {
  const test = chaosOf(ACTS, minutes, seed);
  return { ...test, again: `${test.again} --daily` };
};

/** The same and more. */
export const chaosByHand = (minutes: number, seed = drawSeed()): RealTest =>
  chaosOf({ ...ACTS, ...RARE_ACTS }, minutes, seed);

const drawSeed = (): number => Math.floor(Math.random() * SEEDS);

const chaosOf = (acts: Acts, minutes: number, seed: number): RealTest => ({
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
    await rage(stage, acts, minutes * 60_000);
    await calm(stage);
  },
});

async function rage(stage: Stage, acts: Acts, durationMs: number): Promise<void> {
  const { dice, world } = stage;
  const names = Object.keys(acts);
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs) {
    const name = pick(dice, names);
    // Whoever is asked may be off, cut off or standing still: that is what this is about.
    await acts[name]?.(stage).catch((error: unknown) =>
      world.timeline.note(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    );
    await sleep(dice() * PAUSE_MS_MAX);
  }
}

/** All on and able to reach each other: who is out joins anew; then everything must fit. */
async function calm(stage: Stage): Promise<void> {
  const { world, running, evicted } = stage;
  await Promise.all(running);
  await heal(stage);
  for (const name of GUESTS) setClock(world.vm(name), 0);
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
