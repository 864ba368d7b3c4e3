import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, stateOf, together } from '../scenarios/mesh.ts';
import { underBan } from './ban.ts';
import { openRoom } from './room.ts';
import { openWorld, pauseRun } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4', 'vm5'];
/** Longest until a power cut is known by all. Unit: virtual ms. The issue that set it. */
const DEATH_MS = 15_000;

for (const { distance, oneWayMs, preset } of [
  { distance: 'far apart', oneWayMs: 120, preset: 'wan' },
  { distance: 'near', oneWayMs: 5, preset: 'lan' },
]) {
  test(`members that are ${distance} choose how fast they probe, and know of a death`, async () => {
    // Goal: presets by measured round trips, on whole daemons. Method: five VMs with 5 % loss and
    // round trips of 240 ms, or 10; ten minutes without a death, then one loses its power. What
    // each daemon logs of its preset.
    const chosen = new Map<string, string>();
    const dead = new Set<string>();
    const onLine = (line: string): void => {
      const [, vm, name] = /(vm\d)\S* info liveness-preset .*"preset":"(\w+)"/.exec(line) ?? [];
      if (vm !== undefined && name !== undefined) chosen.set(vm, name);
      if (line.includes('member-state') && line.includes('"state":"dead"')) dead.add(line);
    };
    const room = openRoom({ seed: 7, vms: ALL.length, bug: null, onLine });
    const weather = { ...room.weather, loss: 0.05, nearMs: oneWayMs, farMs: oneWayMs, jitterMs: 5 };
    room.underlay.weather = weather;
    const world = openWorld(room, 'sim seed 7');
    const story = async (): Promise<void> => {
      await found(world, ALL);
      await together(world, ALL);
      await pauseRun(room, 600_000);
      assert.deepEqual([...dead], []);
      assert.deepEqual(
        ALL.map((name) => chosen.get(name) ?? 'lan'),
        ALL.map(() => preset),
      );
      await world.powerCut('vm4');
      const others = ALL.filter((name) => name !== 'vm4');
      const isKnown = async (): Promise<boolean> => {
        const words = await Promise.all(others.map((name) => stateOf(world, name, 'vm4')));
        return words.every((word) => word === 'dead');
      };
      await world.eventually('all know that vm4 is dead', isKnown, DEATH_MS);
      assert.deepEqual(
        [...new Set([...dead].map((line) => /vm\d/.exec(line)?.[0]))].toSorted(),
        others,
      );
    };
    await underBan(() => room.scheduler.drive(story(), 1_800_000));
  });
}
