/**
 * Rule: mesh — the steps and checks that scenarios share.
 */
import type { MemberRow, World } from './world.ts';

/** Longest wait until VMs that can reach each other are in step and talk. Unit: ms. */
export const SETTLE_MS = 90_000;

/** Lets `names[0]` found a mesh and the others join it one by one. Gives the recovery code. */
export async function found(world: World, names: readonly string[]): Promise<string> {
  const [founder = '', ...others] = names;
  const code = await world.init(founder);
  for (const name of others) await admit(world, founder, name);
  await together(world, names);
  return code;
}

/** Lets one VM join by a fresh invite of another. */
export async function admit(world: World, operator: string, name: string): Promise<void> {
  await world.eventually(`${operator} answers`, () => isReady(world, operator), SETTLE_MS);
  await world.join(name, await world.invite(operator));
}

/** Waits until these VMs are ready, see one another alive, and all pairs talk over the VPN. */
export async function together(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
    for (const other of names) {
      await world.eventually(`${name} sees ${other}`, () => sees(world, name, other), SETTLE_MS);
    }
  }
  await talk(world, names);
}

/** Waits until every ordered pair of these VMs talks over the VPN, by both families. */
export async function talk(world: World, names: readonly string[]): Promise<void> {
  for (const [from, to] of pairs(names)) {
    for (const family of [4, 6] as const) {
      const what = `${from} reaches ${to} by IPv${family}`;
      await world.eventually(what, () => world.ping(from, to, family), SETTLE_MS);
    }
  }
}

/** Waits until no pair across the two groups talks, in either direction or family. */
export async function apart(
  world: World,
  groupA: readonly string[],
  groupB: readonly string[],
): Promise<void> {
  for (const [from, to] of groupA.flatMap((a) => groupB.map((b) => [a, b] as const))) {
    for (const family of [4, 6] as const) {
      const isSilent = async (): Promise<boolean> =>
        !(await world.ping(from, to, family)) && !(await world.ping(to, from, family));
      await world.eventually(`${from} and ${to} are apart (IPv${family})`, isSilent, SETTLE_MS);
    }
  }
}

/** Every ordered pair. */
const pairs = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));

/** Whether a VM says that it is ready. */
export const isReady = async (world: World, name: string): Promise<boolean> =>
  (await world.status(name)).self.ready;

/** Whether a member is in the mesh, reachable or not. */
export const isPresent = ({ state }: Pick<MemberRow, 'state'>): boolean =>
  state !== 'left' && state !== 'evicted';

/** The state in which a VM shows a member; null when it does not know it. */
export const stateOf = async (world: World, name: string, member: string): Promise<string | null> =>
  (await world.members(name)).find((row) => row.name === member)?.state ?? null;

const sees = async (world: World, name: string, member: string): Promise<boolean> =>
  (await stateOf(world, name, member)) === 'alive';
