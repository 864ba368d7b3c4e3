import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReady, SETTLE_MS } from '../scenarios/mesh.ts';
import { underBan } from './ban.ts';
import type { Hall } from './party.ts';
import { openRoom } from './room.ts';
import { openWorld, pauseRun } from './world.ts';

const NAMES = Array.from({ length: 20 }, (_, index) => `vm${index + 1}`);
/** How long messages are counted, and how long before that nothing changes. Unit: virtual ms. */
const COUNTED_MS = 60_000;
const STILL_MS = 120_000;
/** Most messages of one member, by the packets that are lost. Unit: 1/s. The issue that set it. */
const CALM = { loss: 0, perSecondMax: 3 };
const ROUGH = { loss: 0.2, perSecondMax: 15 };

test('daemons at rest say little of who is alive, and not much more at 20 % loss', async () => {
  // Goal: whole daemons say no more than the failure detector alone. Method: 20 of them; all that
  // comes over the channel in a minute, by who sent it, without loss and where a fifth is lost.
  const room = openRoom({ seed: 9, vms: NAMES.length, bug: null });
  const world = openWorld(room, 'sim seed 9');
  const story = async (): Promise<void> => {
    room.underlay.weather = { ...room.weather, loss: 0, gossipLoss: 0 };
    const [founder = '', ...others] = NAMES;
    await world.init(founder);
    await world.eventually('the founder is ready', () => isReady(world, founder), SETTLE_MS);
    const token = await world.invite(founder, { uses: others.length });
    await Promise.all(others.map((name) => world.join(name, token)));
    for (const name of NAMES) {
      const isWhole = async () => (await world.status(name)).reachable === NAMES.length;
      await world.eventually(`${name} sees all`, isWhole, SETTLE_MS);
    }
    for (const { loss, perSecondMax } of [CALM, ROUGH]) {
      room.underlay.weather = { ...room.underlay.weather, loss };
      await pauseRun(room, STILL_MS);
      const counts = countedBySender(room.hall);
      await pauseRun(room, COUNTED_MS);
      const rates = [...counts.values()].map((count) => count / (COUNTED_MS / 1_000));
      assert.equal(rates.length, NAMES.length);
      const said = `loss ${loss}: ${Math.min(...rates)} to ${Math.max(...rates)} a second`;
      assert.ok(Math.max(...rates) <= perSecondMax, said);
      assert.ok(Math.min(...rates) >= 0.5, `they do probe: ${said}`);
    }
  };
  await underBan(() => room.scheduler.drive(story(), 1_800_000));
});

/** From now on what each member's channel of liveness brings, by sender. */
function countedBySender({ listeners }: Hall): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { channels } of listeners.values()) {
    const heard = channels.get('liveness');
    if (heard === undefined) continue;
    channels.set('liveness', {
      ...heard,
      listener: (from, message) => {
        counts.set(from, (counts.get(from) ?? 0) + 1);
        heard.listener(from, message);
      },
    });
  }
  return counts;
}
