/** Edge: cut join — a join that is killed midway can be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isPresent, isReady, SETTLE_MS, talk } from '../../scenarios/mesh.ts';
import { expect, type MemberRow } from '../../scenarios/world.ts';
import { join } from '../command-line.ts';
import type { RealWorld } from '../world.ts';

/**
 * When the join is killed, ms after it was typed: before it did anything, in the middle, when it
 * had been let in but its daemon had not started, and after. A whole join takes a second or two.
 */
const MOMENTS_MS = [80, 200, 300, 400, 500, 600, 750, 900, 1_100, 1_400];

/**
 * Goal: whenever a join is cut, the same command again makes one member, the same that others may
 * have seen already, with a token for one use. Method: kill it at many moments, repeat it, count.
 */
export async function cutJoin(world: RealWorld): Promise<void> {
  await world.init('vm1');
  await world.eventually('vm1 is ready', () => isReady(world, 'vm1'), SETTLE_MS);
  for (const momentMs of MOMENTS_MS) await cutAt(world, momentMs);
}

async function cutAt(world: RealWorld, momentMs: number): Promise<void> {
  const flags = ['--member', `vm2-${momentMs}`];
  const token = await world.invite('vm1');
  await world.timeline.act(`vm2: join, killed after ${momentMs} ms`, () =>
    killedJoin(world, token, momentMs),
  );
  const [, seen, ...more] = await present(world);
  expect('at most one member', more.length === 0);
  await world.timeline.act('vm2: join again', () => join(world.vm('vm2'), token, flags));
  await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), SETTLE_MS);
  await talk(world, ['vm1', 'vm2']);
  const [, vm2, ...others] = await present(world);
  expect('one member', vm2 !== undefined && others.length === 0);
  const isSame = seen === undefined || seen.id === vm2?.id;
  expect(`it is the member that was let in, at ${momentMs} ms`, isSame);
  await world.leave('vm2');
  const isAlone = async (): Promise<boolean> => (await present(world)).length === 1;
  await world.eventually('vm1 knows that vm2 left', isAlone, SETTLE_MS);
}

/** The members that have not left. */
const present = async (world: RealWorld): Promise<readonly MemberRow[]> =>
  (await world.members('vm1')).filter(isPresent);

/** Starts a join and kills it. A daemon that it has started goes on. */
async function killedJoin(world: RealWorld, token: string, momentMs: number): Promise<void> {
  const vm2 = world.vm('vm2');
  const killer = `echo $$ > /run/joiner; exec cnsmo join - --member vm2-${momentMs}`;
  const joining = vm2.run(['sh', '-c', killer], { input: `${token}\n` });
  await sleep(momentMs);
  await vm2.run(['sh', '-c', 'kill -9 $(cat /run/joiner)']);
  await joining;
}
