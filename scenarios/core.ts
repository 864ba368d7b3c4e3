/**
 * Rule: core — the core role has a holder wherever one is possible, all who can talk agree on it,
 * and it moves when its holder dies, drains or gives it away.
 */
import { apart, found, SETTLE_MS, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];

/** Who has it hands it over, drains, dies, and comes back; the others agree each time. */
export async function coreMoves(world: World): Promise<void> {
  await found(world, ALL);
  // A turn may end at any moment: then who had the role is asked again.
  let first = '';
  const isGivenAway = async (): Promise<boolean> => {
    first = await agreed(world, ALL);
    const other = ALL.find((name) => name !== first) ?? '';
    const line = await refusal('giving away what one has not', world.stepDown(other));
    expect(`the refusal names who has it: ${line}`, line.startsWith(`core: ${first}: `));
    await world.stepDown(first);
    return true;
  };
  await world.eventually('the role is given away', isGivenAway, SETTLE_MS);
  const second = await agreed(world, ALL, [first]);
  await world.drain(second, true);
  const third = await agreed(world, ALL, [second]);
  await world.powerCut(third);
  const rest = ALL.filter((name) => name !== third);
  await agreed(world, rest, [second, third]);
  await world.drain(second, false);
  await world.boot(third);
  await together(world, ALL);
  await agreed(world, ALL);
}

/** Each half has one; healed, there is one. */
export async function corePartitioned(world: World): Promise<void> {
  await found(world, ALL);
  await agreed(world, ALL);
  await world.cut('east', 'west');
  await apart(world, ['vm1', 'vm2'], ['vm3', 'vm4']);
  const [east, west] = [
    await agreed(world, ['vm1', 'vm2'], ['vm3', 'vm4']),
    await agreed(world, ['vm3', 'vm4'], ['vm1', 'vm2']),
  ];
  expect('each half has one of its own', east !== west);
  await world.heal();
  await together(world, ALL);
  await agreed(world, ALL);
}

/** With two members: the one that is left has it, whichever it is. */
export async function coreOfTwo(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const first = await agreed(world, ['vm1', 'vm2']);
  const second = first === 'vm1' ? 'vm2' : 'vm1';
  await world.powerCut(first);
  await agreed(world, [second], [first]);
  await world.boot(first);
  await together(world, ['vm1', 'vm2']);
  await agreed(world, ['vm1', 'vm2']);
}

/**
 * The daemon of the core is gone, and then all are: traffic goes on, and no data plane changes, for
 * nothing of it needs a core (I7).
 */
export async function coreless(world: World): Promise<void> {
  const three = ['vm1', 'vm2', 'vm3'];
  await found(world, three);
  const first = await agreed(world, three);
  const before = await dataPlanes(world, three);
  await world.crash(first);
  const rest = three.filter((name) => name !== first);
  await agreed(world, rest, [first]);
  await talk(world, three);
  expectSame(before, await dataPlanes(world, three));
  for (const name of rest) await world.crash(name);
  await refusal('status of a VM without a daemon', world.status('vm1'));
  await talk(world, three);
  expectSame(before, await dataPlanes(world, three));
  for (const name of three.toReversed()) await world.boot(name);
  await together(world, three);
  await agreed(world, three);
}

const dataPlanes = async (world: World, names: readonly string[]): Promise<string> => {
  const each = names.map(async (name) => `${name}:\n${await world.dataPlane(name)}`);
  return (await Promise.all(each)).join('\n');
};

function expectSame(before: string, after: string): void {
  expect(`no rule of a data plane changed:\n${before}\nbecame\n${after}`, before === after);
}

/** Waits until these VMs name one holder in one term, and none of `not`; gives its name. */
export async function agreed(
  world: World,
  names: readonly string[],
  not: readonly string[] = [],
): Promise<string> {
  let holder = '';
  const isAgreed = async (): Promise<boolean> => {
    const said = new Set<string>();
    for (const name of names) {
      const { core } = await world.status(name);
      if (core === null) throw new Error(`${name} knows of none`);
      holder = core.name;
      said.add(`${core.id} ${core.epoch}.${core.term}`);
    }
    if (said.size > 1) throw new Error([...said].join(', '));
    return !not.includes(holder);
  };
  await world.eventually(`${names.join()} agree on the core`, isAgreed, SETTLE_MS);
  return holder;
}
