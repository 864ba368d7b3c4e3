/** Edge: wrong clock — a member whose clock is an hour ahead is named, and harms nobody. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agreed } from '../../scenarios/core.ts';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { deathsIn, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const RIGHT = ['vm1', 'vm2'];
const ALL = [...RIGHT, 'vm3'];
/** What makes a program's clock wrong: how far is read from a file, once a second. */
const LYING_CLOCK = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_TIMESTAMP_FILE: '/var/lib/clock',
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
} as const;

/**
 * Goal: one wrong clock is one member's trouble. Method: the daemon of vm3 runs an hour ahead: all
 * say so, nobody is dead for it, the others agree on a core and go on; then its clock is right. A
 * turn that the others hold to be vm3's passes without a core, so turns are short.
 */
export async function wrongClock(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await obey(world.vm('vm1'), ['core', '--epoch', '30s']);
  const vm3 = world.vm('vm3');
  const setClock = (off: string): void => writeFileSync(join(vm3.disk, 'clock'), `${off}\n`);
  setClock('+3600');
  await obey(vm3, ['stop']);
  const start = '/usr/local/bin/cnsmo daemon > /var/log/wrong-clock 2>&1 &';
  await vm3.must(['sh', '-c', start], { env: LYING_CLOCK });
  await world.eventually('vm3 is ready', () => isReady(world, 'vm3'), SETTLE_MS);
  const told = await toldDuring(world, ALL, async () => {
    for (const name of ALL) {
      await world.eventually(`${name} tells of clocks`, () => isNamed(world, name), SETTLE_MS);
    }
    await agreed(world, RIGHT);
    await world.label('vm1', 'vm2', ['said=meanwhile']);
    const isHeard = async (): Promise<boolean> =>
      (await world.members('vm2')).some(({ labels }) => labels.said === 'meanwhile');
    await world.eventually('the others go on', isHeard, SETTLE_MS);
  });
  const deaths = deathsIn(told);
  expect(`nobody is dead for a clock, but ${deaths}`, deaths.length === 0);
  setClock('+0');
  for (const name of ALL) {
    const isOver = async (): Promise<boolean> => !(await isNamed(world, name));
    await world.eventually(`${name} tells no more of clocks`, isOver, SETTLE_MS);
  }
  await agreed(world, ALL);
  await together(world, ALL);
}

const isNamed = async (world: RealWorld, name: string): Promise<boolean> =>
  (await world.status(name)).alarms.some((line) => line.includes('clock'));
