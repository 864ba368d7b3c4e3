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

/** Lengths that two operators set by turns, each of which cuts time otherwise. Unit: ms. */
const STORM_MS = [30_000, 60_000, 300_000, 600_000, 86_400_000] as const;
const CHANGES = 50;
const PAUSE_MS = 100;
/** From the last change until one has the role and all know it. Unit: virtual ms. */
const CALM_MS = 15_000;

test('turns that are set again and again leave one core soon after, and never two', async () => {
  // Goal: a script that runs wild takes nobody's core for longer than it runs. Method: two
  // operators set other lengths ten times a second, for 5 s; who acts is looked at each time, and
  // that the role is nobody's meanwhile, or it was no storm; then all name who acts, in one term.
  for (const seed of [1, 2]) {
    const room = openRoom({ seed, vms: ALL.length, bug: null });
    for (const machine of room.machines.values()) machine.skewMs /= 8;
    const world = openWorld(room, `sim seed ${seed}`);
    const actingNow = (): readonly string[] => {
      const acting = ALL.filter((name) => machineOf(room, name).node?.core.isActing() === true);
      assert.ok(acting.length <= 1, `seed ${seed}: ${acting} act at once`);
      return acting;
    };
    const story = async (): Promise<void> => {
      await found(world, ALL);
      await world.operatorAdd('vm1', 'vm2');
      await together(world, ALL);
      const first = await agreed(world, ALL);
      assert.deepEqual(actingNow(), [first]);
      const set = (name: string, at: number): Promise<unknown> => {
        const body = { epochMs: STORM_MS[at % STORM_MS.length] };
        return ask(room, name, { method: 'PUT', path: '/v1/core/epoch', body });
      };
      const asked: Promise<unknown>[] = [];
      let nobodys = 0;
      for (let at = 0; at < CHANGES; at += 1) {
        asked.push(set('vm1', at), set('vm2', 2 * at + 1));
        await pauseRun(room, PAUSE_MS);
        if (actingNow().length === 0) nobodys += 1;
      }
      await Promise.all(asked);
      assert.ok(nobodys > CHANGES / 2, `seed ${seed}: nobody acted in ${nobodys} looks`);
      const isCalm = async (): Promise<boolean> => {
        const cores = await Promise.all(ALL.map(async (name) => (await world.status(name)).core));
        const said = new Set(cores.map((core) => `${core?.name} ${core?.epoch}.${core?.term}`));
        const [holder = 'nobody'] = actingNow();
        return said.size === 1 && cores[0]?.name === holder;
      };
      await world.eventually('one acts, and all name it', isCalm, CALM_MS);
    };
    await underBan(() => room.scheduler.drive(story(), 3_600_000));
  }
});
