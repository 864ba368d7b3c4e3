import { test } from 'node:test';
import { wrongClock } from '../scenarios/clock.ts';
import { underBan } from './ban.ts';
import { openRoom } from './room.ts';
import { openTroubleWorld } from './trouble-world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;
const SEEDS = [1, 2, 3];

const CASES = [
  [3 * 3_600_000, { others: '3 h ahead of', own: '3 h ahead of' }],
  [-2 * 3_600_000, { others: '2 h behind', own: '2 h behind' }],
  [-600_000, { others: '10 min behind', own: '10 min behind' }],
] as const;

for (const [offMs, words] of CASES) {
  test(`a clock ${words.others} the others is named, harmless and healed`, async () => {
    // Goal: the scenario. Method: three seeds.
    for (const seed of SEEDS) {
      const room = openRoom({ seed, vms: 4, bug: null });
      const world = openTroubleWorld(room, `sim seed ${seed}`);
      await underBan(() => room.scheduler.drive(wrongClock(offMs, words)(world), STORY_MS));
    }
  });
}
