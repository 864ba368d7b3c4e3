/**
 * Edge: acts of balancing — what operators balance, whom they drain, and how the programs behind it
 * die, hang and return.
 */
import { backendsOf, balancersOf } from '../src/services/lb/balancers.ts';
import type { Kernel, Serving } from './kernel.ts';
import type { Machine } from './machine.ts';
import type { Dice } from './random.ts';
import { type Act, anyMachine, boot, lasting, operatorsOf, type Storm } from './storm.ts';
import { ask, pauseRun } from './world.ts';

/** Where backends of the storm serve. */
const PORT = 8_080;
/** Few, so that several operators write the same. */
const NAMES = ['storm-a', 'storm-b'] as const;
/** Labels come and go by `label`. */
const GROUPS = ['mesh', 'mesh', 'zone=a'] as const;
const MODES = ['roundrobin', 'random', 'source'] as const;
const CHECKS = ['tcp', 'http:/health', 'none'] as const;
/** Time to end what runs. Unit: ms. The longest is over before a calm mesh must be whole. */
const DRAINS_MS = [0, 20_000, 120_000] as const;

/** Longest time that a program does not serve, and that a backend drains. Unit: ms. */
const GONE_MS_MAX = 40_000;
const DRAINED_MS_MAX = 150_000;
/** How long a dead program's agent has to say so, and then is dumb. Unit: ms. */
const SAY_MS = 5_000;
const DUMB_MS_MAX = 150_000;

const tell = ({ room }: Storm, by: string, verb: string, given: object): Promise<unknown> =>
  ask(room, by, { method: 'POST', path: `/v1/services/lb/${verb}`, body: { arguments: given } });

const drawWish = (dice: Dice): object => {
  const isUdp = dice.chance(0.2);
  return {
    listen: `${dice.pick([80, 443])}${isUdp ? '/udp' : ''}`,
    to: [`${dice.pick(GROUPS)}:${PORT}`],
    mode: dice.pick(MODES),
    check: isUdp ? 'none' : dice.pick(CHECKS),
    drain: dice.pick(DRAINS_MS),
    ...(dice.chance(0.3) ? { sticky: 60_000 } : {}),
    ...(dice.chance(0.3) ? { weight: ['zone=a=3'] } : {}),
    ...(dice.chance(0.3) ? { 'include-self': true } : {}),
  };
};

/** What an operator knows of balancers now; empty where its daemon does not run. */
interface Known {
  readonly by: string;
  readonly balancers: readonly {
    readonly name: string;
    readonly members: readonly string[];
  }[];
}

const knownTo = ({ name, node }: Machine): Known => {
  if (node === null) return { by: name, balancers: [] };
  const view = node.replica.view();
  const balancers = balancersOf(view).balancers.map((balancer) => ({
    name: balancer.name,
    members: backendsOf(view, balancer).map(({ member }) => member.name),
  }));
  return { by: name, balancers };
};

/** Somebody who runs, an operator most of the time; null: nobody runs. */
const anybody = (storm: Storm, dice: Dice): Known | null => {
  const running = [...storm.room.machines.values()].filter(({ node }) => node !== null);
  const operators = operatorsOf(storm);
  const from = operators.length === 0 || dice.chance(0.1) ? running : operators;
  return from.length === 0 ? null : knownTo(dice.pick(from));
};

/** An operator makes a balancer, changes it, or takes it away. */
const wish: Act = async (storm, dice) => {
  const known = anybody(storm, dice);
  if (known === null) return;
  const { by, balancers } = known;
  const name = dice.pick(NAMES);
  const isThere = balancers.some((each) => each.name === name);
  const verb = isThere ? dice.pick(['edit', 'edit', 'delete'] as const) : 'create';
  const given = verb === 'delete' ? { names: [name] } : { name, ...drawWish(dice), force: true };
  await tell(storm, by, verb, given);
};

/** An operator drains a backend, or a whole VM drains; for a while, or for good. */
const drained: Act = async (storm, dice) => {
  const { by = '', balancers = [] } = anybody(storm, dice) ?? {};
  const backed = balancers.filter(({ members }) => members.length > 0);
  if (backed.length === 0) return wish(storm, dice);
  const { name, members } = dice.pick(backed);
  const of = dice.pick(members);
  const isWhole = storm.room.machines.has(of) && dice.chance(0.4);
  const turn = async (isDrained: boolean): Promise<void> => {
    if (isWhole) return storm.world.drain(of, isDrained);
    const given = { name, members: [of], ...(isDrained ? { force: true } : {}) };
    await tell(storm, by, isDrained ? 'drain' : 'undrain', given);
  };
  await turn(true);
  if (dice.chance(0.4)) return;
  await pauseRun(storm.room, dice.between(0, DRAINED_MS_MAX));
  await turn(false);
};

/** How the program of a VM serves from now on; null: it is dead. */
const serve = (kernel: Kernel, how: Serving | null): void => {
  kernel.servers = new Map(how === null ? [] : [[PORT, how]]);
};

/** Programs of one VM or of several die, hang or fail; for a while, or for good. */
const unserved: Act = async (storm, dice) => {
  const machines = [...storm.room.machines.values()];
  const many = dice.chance(0.3) ? machines.filter(() => dice.chance(0.7)) : [];
  const struck = many.length > 0 ? many : [dice.pick(machines)];
  const how = dice.pick([null, null, 'hung', 'failing'] as const);
  for (const { kernel } of struck) serve(kernel, how);
  if (dice.chance(0.3)) return;
  await lasting(storm, dice.between(1_000, GONE_MS_MAX), () => {
    for (const { kernel } of struck) serve(kernel, 'well');
  });
};

/**
 * A program dies; as soon as its agent has said so that one ends as well, and says nothing when the
 * program is back.
 */
const dumb: Act = async (storm, dice) => {
  const { room } = storm;
  const machine = anyMachine(storm, dice);
  serve(machine.kernel, null);
  await pauseRun(room, SAY_MS);
  machine.daemon?.end('crash');
  serve(machine.kernel, 'well');
  await pauseRun(room, dice.between(0, DUMB_MS_MAX));
  await boot(room, machine.name);
};

/** What follows on the first balancers, each as often as it stands here. */
const NEXT: readonly Act[] = [wish, wish, drained, drained, unserved, unserved, dumb];

/** First balancers are made, of programs that serve; then they, or what is behind, are changed. */
export const balance: Act = async (storm, dice) => {
  const kernels = [...storm.room.machines.values()].map(({ kernel }) => kernel);
  if (kernels.some(({ servers }) => servers !== null)) return dice.pick(NEXT)(storm, dice);
  for (const kernel of kernels) serve(kernel, 'well');
  const by = anybody(storm, dice)?.by;
  if (by === undefined) return;
  for (const name of NAMES)
    await tell(storm, by, 'create', { name, ...drawWish(dice), force: true });
};
