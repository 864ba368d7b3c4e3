import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed } from '../scenarios/core.ts';
import { found, together } from '../scenarios/mesh.ts';
import { underBan } from './ban.ts';
import { openRoom } from './room.ts';
import { ask, machineOf, openWorld, pauseRun } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
const TURN_MS = 60_000;
/** Rounds in which each of them has its turn. */
const ROUNDS = 3;
const LOOK_MS = 500;
/**
 * What may be missing of a turn, and be too much: 3 s of settling and 2 s more where an epoch
 * began, clocks that are off, and looks. Unit: ms.
 */
const SETTLE_MS = 7_000;

test('every eligible member has the core role for exactly its turn', async () => {
  // Goal: the schedule. Method: four members, one of whom may not have the role; turns of a
  // minute, nine of them, in the weather of three seeds; clocks half a second off at most, for one
  // that is far off leaves its turn. Who acts is looked at twice a second.
  for (const seed of [1, 2, 3]) {
    const room = openRoom({ seed, vms: ALL.length, bug: null });
    for (const machine of room.machines.values()) machine.skewMs /= 8;
    const world = openWorld(room, `sim seed ${seed}`);
    const turns: { name: string; ms: number }[] = [];
    const story = async (): Promise<void> => {
      await found(world, ALL);
      await together(world, ALL);
      const body = { epochMs: TURN_MS };
      await ask(room, 'vm1', { method: 'PUT', path: '/v1/core/epoch', body });
      await ask(room, 'vm3', { method: 'PUT', path: '/v1/consent', body: { eligible: false } });
      await agreed(world, ALL, ['vm3']);
      const untilMs = room.scheduler.nowMs() + (3 * ROUNDS + 1) * TURN_MS;
      while (room.scheduler.nowMs() < untilMs) {
        const acting = ALL.filter((name) => machineOf(room, name).node?.core.isActing() === true);
        assert.ok(acting.length <= 1, `${acting} act at once`);
        const [name] = acting;
        const last = turns.at(-1);
        if (name !== undefined && last?.name === name) last.ms += LOOK_MS;
        else if (name !== undefined) turns.push({ name, ms: LOOK_MS });
        await pauseRun(room, LOOK_MS);
      }
    };
    await underBan(() => room.scheduler.drive(story(), 3_600_000));
    // The first and the last are not seen whole.
    const whole = turns.slice(1, -1);
    const told = whole.map(({ name, ms }) => `${name} ${ms}`).join(', ');
    assert.ok(whole.length >= 3 * ROUNDS - 2, told);
    for (const { ms } of whole) {
      assert.ok(ms >= TURN_MS - SETTLE_MS && ms <= TURN_MS + SETTLE_MS, told);
    }
    for (let first = 0; first + 3 <= whole.length; first += 1) {
      const round = whole.slice(first, first + 3).map(({ name }) => name);
      assert.deepEqual(round.toSorted(), ['vm1', 'vm2', 'vm4'], told);
    }
  }
});
