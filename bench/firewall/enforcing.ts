/**
 * Edge: bench of enforcing — how long after an operator asked for a rule it is in force: on one
 * other member, by real packets, and on all of a mesh, by their kernels' own word; and how late a
 * change on trial ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus, askVerb } from '../../netns-tests/outside-api.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { Sample } from '../figure.ts';
import { cpuMeter } from '../listener.ts';
import { namesOf, openMesh } from '../mesh.ts';
import { watchKernel } from './kernel-watch.ts';
import { nowMs, openProber, type Prober } from './prober.ts';

/** From the moment when all are connected to the first change. Unit: ms. */
const SETTLE_MS = 15_000;
/** Between two changes: people do not type faster. Unit: ms. */
const PAUSE_MS = 2_000;
/** A change that takes this long is lost. Unit: ms. */
const LOST_MS = 30_000;
const PORT = 8_080;
/** The shortest trial there is. */
const TRIAL_S = 5;
/** Ports of the rules that are made for all. */
const PORT_FIRST = 20_000;

/** What a mesh of two shows. Unit of all samples: ms. */
export interface OnOne {
  readonly enforced: readonly Sample[];
  /** After the deadline of a trial, until packets pass again. */
  readonly reverted: readonly Sample[];
}

const verb = (vm: Vm, name: string, given: Readonly<Record<string, unknown>>): Promise<unknown> =>
  askVerb(vm, 'firewall', name, given);

/** A mesh of two: one allows, the other enforces; then one tries, and lets it end. */
export async function measureOnOne(
  count: number,
  trials: number,
  tell: (line: string) => void,
): Promise<OnOne> {
  const world = await openMesh(namesOf(2));
  try {
    const [operator, other] = [...world.vms.values()] as [Vm, Vm];
    const [address = ''] = (await askStatus(other)).self.addresses;
    await sleep(SETTLE_MS);
    const prober = openProber(operator, address, PORT);
    try {
      await prober.answered(LOST_MS);
      const usedMs = cpuMeter([operator, other]);
      const stage = { operator, on: [other.name], prober, usedMs };
      tell('a rule on one member');
      const enforced = await allowAndForbid(stage, count);
      tell('a trial on one member');
      return { enforced, reverted: await tryAndWait(stage, trials) };
    } finally {
      prober.end();
    }
  } finally {
    await world.end();
  }
}

interface Stage {
  readonly operator: Vm;
  readonly on: readonly string[];
  readonly prober: Prober;
  readonly usedMs: () => number;
}

async function allowAndForbid(stage: Stage, count: number): Promise<readonly Sample[]> {
  const { operator, on, prober, usedMs } = stage;
  const traffic = `tcp/${PORT}`;
  await verb(operator, 'deny', { traffic, on, name: 'shut' });
  const samples: Sample[] = [];
  for (let number = 0; number < count; number += 1) {
    await prober.silent(LOST_MS);
    await sleep(PAUSE_MS);
    const cpuMs = usedMs();
    const startMs = nowMs();
    const asked = verb(operator, 'allow', { traffic, on, name: 'open', priority: 50 });
    const atMs = await prober.answered(LOST_MS);
    await asked;
    samples.push({ value: atMs - startMs, cpuMs: usedMs() - cpuMs });
    await sleep(PAUSE_MS);
    await verb(operator, 'delete', { names: ['open'] });
  }
  await verb(operator, 'delete', { names: ['shut'] });
  await prober.answered(LOST_MS);
  return samples;
}

async function tryAndWait(stage: Stage, count: number): Promise<readonly Sample[]> {
  const { operator, on, prober } = stage;
  const samples: Sample[] = [];
  for (let number = 0; number < count; number += 1) {
    await sleep(PAUSE_MS);
    const given = { traffic: `tcp/${PORT}`, on, name: 'tried', confirm: TRIAL_S * 1_000 };
    await verb(operator, 'deny', given);
    const beganMs = await prober.silent(LOST_MS);
    const endedMs = await prober.answered(LOST_MS);
    samples.push({ value: endedMs - beganMs - TRIAL_S * 1_000 });
  }
  return samples;
}

/** A mesh of so many: the founder allows, until the last kernel has it. Unit: ms. */
export async function measureOnAll(
  members: number,
  count: number,
  tell: (line: string) => void,
): Promise<readonly Sample[]> {
  tell(`mesh of ${members}: everybody joins`);
  const world = await openMesh(namesOf(members));
  const vms = [...world.vms.values()];
  const watches = vms.map(watchKernel);
  try {
    const [operator] = vms;
    if (operator === undefined) throw new Error('a mesh of nobody');
    await sleep(SETTLE_MS);
    const usedMs = cpuMeter(vms);
    const samples: Sample[] = [];
    for (let number = 0; number <= count; number += 1) {
      if (number % 10 === 1) tell(`mesh of ${members}: rule ${number} of ${count}`);
      const port = PORT_FIRST + number;
      const heard = watches.map((watch) => watch.hears(String(port), LOST_MS));
      const cpuMs = usedMs();
      const startMs = performance.now();
      const asked = verb(operator, 'allow', { traffic: `tcp/${port}`, name: `open-${number}` });
      const ends = await Promise.all(heard);
      await asked;
      const sample = { value: Math.max(...ends) - startMs, cpuMs: usedMs() - cpuMs };
      if (number > 0) samples.push(sample); // The first one makes the table.
      await sleep(PAUSE_MS);
    }
    return samples;
  } finally {
    for (const watch of watches) watch.end();
    await world.end();
  }
}
