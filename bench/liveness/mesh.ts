/**
 * Edge: liveness mesh — twenty real daemons, one of which goes; when each other one knew it, it
 * tells in its log, by the one clock of this machine.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMsOf } from '../../netns-tests/processes.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { RealWorld } from '../../netns-tests/world.ts';
import type { Sample } from '../figure.ts';
import { namesOf, openMesh } from '../idle-mesh.ts';

/** Between a mesh that is whole and the next death. Unit: ms. */
const SETTLE_MS = 10_000;
const DEATH_MS_MAX = 40_000;
const WHOLE_MS_MAX = 120_000;
const LOOK_MS = 500;

/** How long deaths took to be known by all, in s. */
export interface Deaths {
  readonly powerCuts: readonly Sample[];
  readonly kills: readonly Sample[];
}

/** A mesh of so many; in each round one VM loses its power, and one its daemon. */
export async function measureDeaths(
  members: number,
  rounds: number,
  tell: (line: string) => void,
): Promise<Deaths> {
  tell(`mesh of ${members}: everybody joins`);
  const names = namesOf(members);
  const world = await openMesh(names);
  const [powerCuts, kills]: [Sample[], Sample[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const victim = names[(2 * round + 1) % members] ?? '';
      tell(`mesh of ${members}: power cut ${round + 1} of ${rounds}`);
      powerCuts.push(await measure(world, victim, (vm) => vm.powerCut()));
      const other = names[(2 * round + 2) % members] ?? '';
      tell(`mesh of ${members}: killed daemon ${round + 1} of ${rounds}`);
      kills.push(await measure(world, other, async (vm) => void vm.killDaemon()));
    }
  } finally {
    await world.end();
  }
  return { powerCuts, kills };
}

async function measure(
  world: RealWorld,
  victim: string,
  kill: (vm: Vm) => Promise<void>,
): Promise<Sample> {
  await sleep(SETTLE_MS);
  const { id } = (await world.status(victim)).self;
  const others = [...world.vms.values()].filter(({ name }) => name !== victim);
  const cpuOf = (): number => others.reduce((sum, vm) => sum + cpuMsOf(vm.daemonPid()), 0);
  const beforeMs = cpuOf();
  const startMs = Date.now();
  await kill(world.vm(victim));
  let known: readonly (number | null)[] = [];
  for (const endMs = startMs + DEATH_MS_MAX; Date.now() < endMs; ) {
    await sleep(LOOK_MS);
    known = others.map((vm) => toldMs(vm, id, startMs));
    if (known.every((ms) => ms !== null)) break;
  }
  const cpuMs = cpuOf() - beforeMs;
  const lastMs = Math.max(...known.map((ms) => ms ?? startMs + DEATH_MS_MAX));
  await world.boot(victim);
  await world.eventually(
    `all see ${victim}`,
    async () => others.every((vm) => stateOf(vm, id) === 'alive'),
    WHOLE_MS_MAX,
  );
  return { value: (lastMs - startMs) / 1_000, cpuMs };
}

interface Told {
  readonly atMs: number;
  readonly state: string;
}

/** What a daemon has logged of a member's state. */
function statesIn(vm: Vm, id: string): readonly Told[] {
  const lines = readFileSync(join(vm.disk, 'cnsmo', 'log'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    if (!line.includes('member-state') || !line.includes(id)) return [];
    const { time, facts } = JSON.parse(line) as { time: string; facts: { state: string } };
    return [{ atMs: new Date(time).getTime(), state: facts.state }];
  });
}

const stateOf = (vm: Vm, id: string): string | undefined => statesIn(vm, id).at(-1)?.state;

/** When it took the member for dead; null while it does not. */
const toldMs = (vm: Vm, id: string, sinceMs: number): number | null =>
  statesIn(vm, id).find(({ atMs, state }) => atMs >= sinceMs && state === 'dead')?.atMs ?? null;
