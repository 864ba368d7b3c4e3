import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apartFor } from './apart.ts';
import { underBan } from './ban.ts';
import { openRoom } from './room.ts';
import { openWorld } from './world.ts';

/** Three hours: what backs off has long done so; what grows for days `week-apart` finds. */
const APART_MS = 10_800_000;

test('two members that were apart for long are whole again within 20 s', async () => {
  // Goal: healing has no end. Method: a cut of three hours in two kinds of weather, with words on
  // both sides, a restart of both and another address meanwhile.
  for (const seed of [1, 3]) {
    const room = openRoom({ seed, vms: 4, bug: null });
    const world = openWorld(room, `sim seed ${seed}`);
    await underBan(() =>
      room.scheduler.drive(apartFor(APART_MS)(world, room), APART_MS + 3_600_000),
    );
    assert.ok(room.scheduler.nowMs() > APART_MS);
  }
});
