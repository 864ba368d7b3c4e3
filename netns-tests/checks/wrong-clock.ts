/** Edge: wrong clock — a member whose clock is an hour ahead is named, and harms nobody. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agreed } from '../../scenarios/core.ts';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { deathsIn, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/** What makes a program's clock wrong: how far is read from a file, once a second. */
const LYING_CLOCK = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_TIMESTAMP_FILE: '/var/lib/clock',
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
} as const;

/**
 * Goal: one wrong clock is one member's trouble. Method: the daemon of vm3 runs an hour ahead: all
 * say so, nobody is dead for it, the others go on, and all agree on a core, which is never vm3,
 * also in its turn: turns are short. Then its clock is right.
 */
export async function wrongClock(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await obey(world.vm('vm1'), ['core', '--epoch', '30s']);
  const vm3 = world.vm('vm3');
  const setClock = (off: string): void => writeFileSync(join(vm3.disk, 'clock'), `${off}\n`);
  setClock('+3600');
  await obey(vm3, ['stop']);
  // Not the shell's clock: the library keeps what its children share in files of the first process,
  // and a shell that ends takes them away from the daemon while that starts.
  const lie = Object.entries(LYING_CLOCK).map(([name, value]) => `'${name}=${value}'`);
  const daemon = '/usr/local/bin/cnsmo daemon > /var/log/wrong-clock 2>&1';
  await vm3.must(['sh', '-c', `env ${lie.join(' ')} ${daemon} &`]);
  await world.eventually('vm3 is ready', () => isReady(world, 'vm3'), SETTLE_MS);
  const told = await toldDuring(world, ALL, async () => {
    for (const name of ALL) {
      await world.eventually(`${name} tells of clocks`, () => isNamed(world, name), SETTLE_MS);
    }
    await agreed(world, ALL, ['vm3']);
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
