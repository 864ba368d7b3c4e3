/**
 * Edge: interleavings — whatever people and accidents do, and in whatever order, a VM is a working
 * member afterwards or as clean as before; never something between.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { join, obey } from '../command-line.ts';
import { networkState } from '../host-state.ts';
import {
  type Act,
  type Dice,
  FOUNDER,
  GUESTS,
  interleavingOf,
  openDice,
  pick,
  type Step,
} from '../interleaving.ts';
import { commandsOf, daemonsOf, enginesOf } from '../processes.ts';
import type { RealTest } from '../real-test.ts';
import { expectClean, stateFiles } from '../remains.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { foundFor } from './crowd.ts';

/** Uses of the one token: more than a seed has joins. */
const USES = 100;
/** One seed: twelve steps, some of which wait for an entry that is off, and the way back. */
const DEADLINE_MS = 240_000;
/** `field: value: why; remedy`, perhaps after notes. */
const LINE = /(^|\n)[a-z][a-z0-9 -]*: .+: .+; .+\n$/;
/** Done, or refused or unfinished as documented. Status 1 would be a failure nobody thought of. */
const STATUSES: readonly (number | null)[] = [0, 3, 4, 5];

/**
 * Goal: no order of steps leaves a VM between member and clean. Method: the steps of this seed,
 * many at once; then everything on and started, as boot and people do; what is a member works, and
 * leaves; what is none is as it was.
 */
export const interleaving = (seed: number): RealTest => ({
  name: `interleaving-${seed}`,
  deadlineMs: DEADLINE_MS,
  world: {
    vms: [FOUNDER, ...GUESTS].map((name, at) => ({ name, site: at < 2 ? 'east' : 'west' })),
  },
  run: async (world) => {
    const dice = openDice(seed);
    const steps = interleavingOf(dice);
    const before = new Map<string, string>();
    for (const name of GUESTS) before.set(name, await networkState(world.vm(name)));
    const token = await foundFor(world, FOUNDER, USES);
    const stage = { world, dice, token, wrong: [], cuts: new Map(), names: 0 };
    await play(stage, steps);
    await settle(stage, before);
  },
});

/** What the steps of one seed share. */
interface Stage {
  readonly world: RealWorld;
  readonly dice: Dice;
  readonly token: string;
  /** What was answered otherwise than documented. */
  readonly wrong: string[];
  /** How often something was killed on a VM, by its name: what commands say then is no answer. */
  readonly cuts: Map<string, number>;
  names: number;
}

async function play(stage: Stage, steps: readonly Step[]): Promise<void> {
  const running: Promise<void>[] = [];
  for (const step of steps) {
    const done = act(stage, step);
    running.push(done);
    if (step.isAwaited || ['power-cut', 'boot'].includes(step.act)) await done;
    else await sleep(step.pauseMs);
  }
  await Promise.all(running);
  expect(`documented answers only: ${stage.wrong.join('\n')}`, stage.wrong.length === 0);
}

/** Never rejects for what a command answers; that is judged. */
async function act(stage: Stage, step: Step): Promise<void> {
  const { world, cuts } = stage;
  const vm = world.vm(step.vm);
  const what = `${step.vm}: ${step.act}${step.isAwaited ? '' : ` & ${step.pauseMs} ms`}`;
  if (vm.isOn() === (step.act === 'boot')) return;
  const cut = (): void => void cuts.set(step.vm, (cuts.get(step.vm) ?? 0) + 1);
  if (step.act === 'power-cut') {
    cut();
    return await world.timeline.act(what, () => vm.powerCut());
  }
  if (step.act === 'kill-daemon' || step.act === 'kill-command') {
    cut(); // Also of the daemon: it may be the one that a command waits for.
    const find = step.act === 'kill-daemon' ? daemonsOf : commandsOf;
    const killed = find(vm.machine()).map(kill);
    return world.timeline.note(`${what}: ${killed.length}`);
  }
  if (step.act === 'boot') return await world.timeline.act(what, () => vm.start());
  const times = step.isTwice ? [1, 2] : [1];
  await Promise.all(
    times.map((time) => world.timeline.act(`${what} (${time})`, () => type(stage, vm, step.act))),
  );
}

function kill({ pid }: { readonly pid: number }): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Types one command and judges its answer, unless it was killed. */
async function type(stage: Stage, vm: Vm, act: Act): Promise<void> {
  const { world, token, dice, cuts, wrong } = stage;
  const before = cuts.get(vm.name);
  const name = dice() < 0.3 ? vm.name : `${vm.name}-${stage.names++}`;
  const words = {
    join: ['join', '-', '--member', name],
    init: ['init', '--member', name],
    leave: ['leave', '--yes'],
    'leave --local': ['leave', '--local', '--yes'],
  }[act as string] ?? [act];
  try {
    const outcome = await vm.run(['cnsmo', ...words], { input: `${token}\n`, timeoutMs: 60_000 });
    const { status, stderr } = outcome;
    if (status !== 0) world.timeline.note(`${vm.name}: ${act}: ${status} ${stderr.trimEnd()}`);
    if (cuts.get(vm.name) !== before) return;
    const isRight = STATUSES.includes(status) && (status === 0 || LINE.test(stderr));
    if (!isRight) wrong.push(`${vm.name}: ${words.join(' ')}: ${status}: ${stderr.trimEnd()}`);
  } catch (error) {
    if (cuts.get(vm.name) === before) throw error; // Else there was no machine to type on any more.
  }
}

/** Everything on and started; then every guest is a member that works, or clean. */
async function settle(stage: Stage, before: ReadonlyMap<string, string>): Promise<void> {
  const { world } = stage;
  const vms = [FOUNDER, ...GUESTS].map(world.vm);
  for (const vm of vms) if (!vm.isOn()) await vm.start();
  await obey(world.vm(FOUNDER), ['start']);
  const present: string[] = [];
  for (const name of GUESTS) {
    const vm = world.vm(name);
    await finish(stage, vm);
    if (stateFiles(vm).includes('genesis')) present.push(name);
    else await expectClean(world, vm, before.get(name) ?? '');
  }
  world.timeline.note(`members: ${present.join(' ') || 'none'}`);
  for (const name of present) await expectWorking(world, name);
  for (const name of present) {
    await world.leave(name);
    await expectClean(world, world.vm(name), before.get(name) ?? '');
  }
}

/** Goes on with what was cut, as the documentation says: start, join again, or leave --local. */
async function finish({ world, token, dice, ...stage }: Stage, vm: Vm): Promise<void> {
  const files = stateFiles(vm);
  world.timeline.note(`${vm.name}: found ${files.join(' ') || 'nothing'}`);
  const isMember = files.includes('genesis') && !files.includes('leaving');
  if (isMember) await world.timeline.act(`${vm.name}: start`, () => obey(vm, ['start']));
  else if (files.length > 0 || (await isRunUsed(vm))) {
    const isJoin = files.length > 0 && !files.includes('leaving') && pick(dice, [true, false]);
    await world.timeline.act(`${vm.name}: ${isJoin ? 'join again' : 'leave --local'}`, async () => {
      if (isJoin) await join(vm, token, ['--member', `${vm.name}-${stage.names}`]);
      else await obey(vm, ['leave', '--local', '--yes']);
    });
  }
}

/** Whether a daemon that was killed when it had erased all left its mark in the run directory. */
const isRunUsed = async (vm: Vm): Promise<boolean> =>
  (await vm.must(['sh', '-c', 'ls -A /run/cnsmo 2> /dev/null; true'])).trim() !== '';

async function expectWorking(world: RealWorld, name: string): Promise<void> {
  const vm = world.vm(name);
  await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
  const [daemons, engines] = [daemonsOf(vm.machine()), enginesOf(vm.machine())];
  expect(`${name} runs one daemon, not ${daemons.length}`, daemons.length === 1);
  expect(`${name} runs one engine, not ${engines.length}`, engines.length === 1);
  const [mesh, own] = [(await world.status(FOUNDER)).mesh.id, await world.status(name)];
  if (own.mesh.id !== mesh) return; // It founded a mesh of its own, and is alone there.
  const isSeen = async (): Promise<boolean> =>
    (await world.members(FOUNDER)).some(({ id, state }) => id === own.self.id && state === 'alive');
  await world.eventually(`the founder sees ${name}`, isSeen, SETTLE_MS);
  for (const family of [4, 6] as const) {
    for (const [from, to] of [
      [FOUNDER, name],
      [name, FOUNDER],
    ] as const) {
      const what = `${from} reaches ${to} by IPv${family}`;
      await world.eventually(what, () => world.ping(from, to, family), SETTLE_MS);
    }
  }
}
