/**
 * Edge: Serf — Debian's, its agents with the settings as they come (the LAN profile), in VMs as our
 * daemons have them. When one takes another for dead, it tells on its standard output.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMsOf, processesOf } from '../../netns-tests/processes.ts';
import { openWorld, type RealWorld } from '../../netns-tests/world.ts';
import { run } from '../../scripts/steps.ts';
import type { Sample } from '../figure.ts';
import { layoutOf } from '../mesh.ts';
import type { Mortals } from './mortals.ts';

const PORT = 7946;
/** A death that takes this long is not seen. Unit: ms. */
const DEATH_MS_MAX = 60_000;
const WHOLE_MS_MAX = 120_000;
const LOOK_MS = 100;

/** One agent that runs. */
interface Agent {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Whom it takes for dead, and since when, by `performance.now()`; and whom for alive. */
  readonly dead: Map<string, number>;
  readonly alive: Set<string>;
}

/** Agents in a world of their own. */
export interface SerfMortals extends Mortals {
  /** As Debian's package says. */
  readonly version: string;
  end(): Promise<void>;
}

/** Starts an agent on each of these VMs; all know all when it resolves. */
export async function openSerf(names: readonly string[]): Promise<SerfMortals> {
  const world = await openWorld(layoutOf(names));
  const agents = new Map<string, Agent>();
  const boot = async (name: string): Promise<void> => {
    agents.set(name, await startAgent(world, names, name));
  };
  const end = async (): Promise<void> => {
    for (const { child } of agents.values()) child.kill('SIGKILL');
    await world.end();
  };
  const isWhole = async (): Promise<boolean> =>
    agents.size === names.length &&
    [...agents.values()].every(({ alive }) => alive.size === names.length);
  const whole = (): Promise<void> => world.eventually('all agents know all', isWhole, WHOLE_MS_MAX);
  try {
    for (const name of names) await boot(name);
    await whole();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    version: /serf\s+([^~-]+)/.exec(await run('dpkg-query', ['-W', 'serf']))?.[1] ?? '',
    cutPower: (name) => measure(agents, name, () => world.vm(name).powerCut()),
    kill: (name) => measure(agents, name, async (agent) => void process.kill(agent.pid, 'SIGKILL')),
    revive: async (name) => {
      if (!world.vm(name).isOn()) await world.vm(name).start();
      await boot(name);
      await whole();
    },
    end,
  };
}

async function measure(
  agents: Map<string, Agent>,
  victim: string,
  end: (agent: Agent) => Promise<void>,
): Promise<Sample> {
  const agent = agents.get(victim);
  if (agent === undefined) throw new Error(`no agent on ${victim}`);
  agents.delete(victim);
  const others = [...agents.values()];
  const usedMs = (): number => others.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  const cpuMs = usedMs();
  const startMs = performance.now();
  await end(agent);
  while (!others.every(({ dead }) => dead.has(victim))) {
    if (performance.now() > startMs + DEATH_MS_MAX) throw new Error(`${victim} lives on`);
    await sleep(LOOK_MS);
  }
  const lastMs = Math.max(...others.map(({ dead }) => dead.get(victim) ?? Number.NaN));
  return { value: (lastMs - startMs) / 1_000, cpuMs: usedMs() - cpuMs };
}

async function startAgent(
  world: RealWorld,
  names: readonly string[],
  name: string,
): Promise<Agent> {
  const vm = world.vm(name);
  const { inside4, public4 } = vm.place;
  const doors = names.filter((other) => other !== name).slice(0, 2);
  const argv = vm
    .machine()
    .enter([
      ...['serf', 'agent', `-node=${name}`, `-bind=${inside4}:${PORT}`],
      ...[`-advertise=${public4}:${PORT}`, '-retry-interval=1s'],
      ...doors.map((door) => `-retry-join=${world.vm(door).place.public4}:${PORT}`),
    ]);
  const [command = '', ...rest] = argv;
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [dead, alive] = [new Map<string, number>(), new Set<string>()];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, event, about = ''] = /serf: EventMember(Join|Failed): (\S+)/.exec(line) ?? [];
    if (event === 'Failed') {
      dead.set(about, performance.now());
      alive.delete(about);
    }
    if (event === 'Join') {
      dead.delete(about);
      alive.add(about);
    }
  });
  const pidOf = (): number | undefined =>
    processesOf(vm.machine()).find(({ words }) => words[0] === 'serf')?.pid;
  const isUp = async (): Promise<boolean> => pidOf() !== undefined && alive.has(name);
  await world.eventually(`the agent of ${name} is up`, isUp, WHOLE_MS_MAX);
  return { child, pid: pidOf() ?? 0, dead, alive };
}
