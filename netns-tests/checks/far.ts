/** Edge: far — members that are far from one another choose the times for that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isReady, SETTLE_MS, stateOf } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { init, join, obey } from '../command-line.ts';
import { openDelayer } from '../delayer.ts';
import { deathsIn, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/** The internet's end of the first site's link. Every VM gets there. */
const ROUTER = '192.0.2.1';
/** One way. Unit: ms. Round trips of 240 ms are what the times for near members do not take. */
const DELAY_MS = 120;
const PORT = 7300;
/** How long nobody may be taken for dead. Unit: ms. Longer than a suspicion lasts. */
const CALM_MS = 30_000;

const portOf = (index: number): number => 9_001 + index;
const placeOf = (name: string): string => `${ROUTER}:${portOf(ALL.indexOf(name))}`;

/**
 * Goal: the preset follows measured round trips, with the binary. Method: each VM is said to be at
 * a place of the router, from where all comes 120 ms late; what each daemon logs; for a while
 * nobody is dead; then one that is cut off is.
 */
export async function far(world: RealWorld): Promise<void> {
  const ways = ALL.map((name, index) => ({
    port: portOf(index),
    host: world.vm(name).place.public4,
  }));
  const end = await openDelayer(world.network.internet, { delayMs: DELAY_MS, port: PORT, ways });
  try {
    await init(world.vm('vm1'), ['--advertise', placeOf('vm1')]);
    await world.eventually('vm1 is ready', () => isReady(world, 'vm1'), SETTLE_MS);
    for (const name of ALL.slice(1)) {
      const token = await world.invite('vm1');
      await join(world.vm(name), token, ['--advertise', placeOf(name)]);
    }
    for (const name of ALL) {
      const isChosen = async (): Promise<boolean> =>
        /liveness-preset\b.*\bwan\b/.test(await obey(world.vm(name), ['logs']));
      await world.eventually(`${name} takes the others for far`, isChosen, SETTLE_MS);
    }
    const told = await toldDuring(world, ALL, () =>
      world.timeline.act('nothing happens', () => sleep(CALM_MS)),
    );
    expect(`nobody is dead for being far, but ${deathsIn(told)}`, deathsIn(told).length === 0);
    await world.powerCut('vm3');
    const isDead = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm3')) === 'dead';
    await world.eventually('vm3 is dead to vm1', isDead, SETTLE_MS);
  } finally {
    end();
  }
}
