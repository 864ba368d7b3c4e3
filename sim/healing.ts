/**
 * Edge: healing — two sites of a mesh that cannot reach each other for minutes or weeks, and how
 * long it then takes until it is whole again.
 */
import { isReady, SETTLE_MS } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { underBan } from './ban.ts';
import { openRoom, type Room } from './room.ts';
import { openWorld, pauseRun } from './world.ts';

/** Times that each side says something meanwhile. */
const WORDS = 7;
/** Time between two looks whether all is whole. Unit: virtual ms. */
const LOOK_MS = 200;
/** Longest time that anything else may take. Unit: virtual ms. */
const SPARE_MS = 3_600_000;
/**
 * Who does not speak is off in the middle of what lasts longer than this, and on for half of it
 * before and after: nothing but the speakers' waiting grows with time. Unit: virtual ms.
 */
const AWAKE_MS = 1_200_000;

/** A mesh, and for how long its two sites are apart, virtual ms. */
export interface Apart {
  readonly members: number;
  readonly apartMs: number;
  readonly seed: number;
}

/** Who speaks on each side. */
const SPEAKERS = ['vm1', 'vm3'];

/** From the moment when packets pass until all reach all and know every word, virtual ms. */
export async function healAfter({ members, apartMs, seed }: Apart): Promise<number> {
  const room = openRoom({ seed, vms: members, bug: null });
  const world = openWorld(room, `healing ${seed}`);
  let tookMs = Number.POSITIVE_INFINITY;
  const story = async (): Promise<void> => {
    const names = members === SPEAKERS.length ? SPEAKERS : [...room.machines.keys()];
    await join(world, names);
    await world.cut('east', 'west');
    await live(world, room, names, apartMs);
    await world.heal();
    const healedMs = room.scheduler.nowMs();
    while (!(await isWhole(world, names))) await pauseRun(room, LOOK_MS);
    tookMs = room.scheduler.nowMs() - healedMs;
  };
  await underBan(() => room.scheduler.drive(story(), apartMs + SPARE_MS));
  return tookMs;
}

/** All join at once; there is an operator on each side. */
async function join(world: World, names: readonly string[]): Promise<void> {
  const [founder = '', ...others] = names;
  await world.init(founder);
  await world.eventually('the founder is ready', () => isReady(world, founder), SETTLE_MS);
  const token = await world.invite(founder, { uses: others.length });
  await Promise.all(others.map((name) => world.join(name, token)));
  const [east = '', west = ''] = SPEAKERS;
  await world.eventually('all are there', () => areThere(world, names), SETTLE_MS);
  await world.operatorAdd(east, west);
  const isOperator = async (): Promise<boolean> =>
    (await world.status(west)).self.role === 'operator';
  await world.eventually('there are two operators', isOperator, SETTLE_MS);
}

/** What happens while they are apart: words on both sides, and nights for the others. */
async function live(
  world: World,
  room: Room,
  names: readonly string[],
  apartMs: number,
): Promise<void> {
  const sleepers = apartMs > AWAKE_MS ? names.filter((name) => !SPEAKERS.includes(name)) : [];
  const awakeMs = sleepers.length === 0 ? 0 : AWAKE_MS;
  await pauseRun(room, awakeMs / 2);
  for (const name of sleepers) await world.powerCut(name);
  for (let word = 0; word < WORDS; word += 1) {
    for (const name of SPEAKERS) await world.label(name, name, [`${name}-${word}=said`]);
    await pauseRun(room, (apartMs - awakeMs) / WORDS);
  }
  for (const name of sleepers) await world.boot(name);
  await pauseRun(room, awakeMs / 2);
}

async function areThere(world: World, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const { reachable, total, self } = await world.status(name);
    if (!self.ready || reachable !== names.length || total !== names.length) return false;
  }
  return true;
}

async function isWhole(world: World, names: readonly string[]): Promise<boolean> {
  if (!(await areThere(world, names))) return false;
  for (const name of names) {
    const labels = (await world.members(name)).flatMap((row) => Object.keys(row.labels));
    if (labels.length !== SPEAKERS.length * WORDS) return false;
  }
  return true;
}
