import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, stateOf, together } from '../scenarios/mesh.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import type { CoreView } from '../src/node/rules/answers.ts';
import { meetAll } from './acts-intruder.ts';
import { underBan } from './ban.ts';
import { openImpostor } from './impostor.ts';
import { openRoom, type Room } from './room.ts';
import { openSlander } from './slander.ts';
import { openTroubleWorld } from './trouble-world.ts';
import { ask, machineOf, pauseRun } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
const TURN_MS = 60_000;
/** Longest from a turn's beginning until all name its core in one term. Unit: virtual ms. */
const KNOWN_MS = 30_000;
const SETTLE_MS = 60_000;
const LIE_MS = 200;

type World = ReturnType<typeof openTroubleWorld>;

/**
 * A mesh with turns of a minute in which nothing gets from vm1 to vm3; runs a story in it, in the
 * weather of each of two seeds.
 */
async function playCut(story: (world: World, room: Room) => Promise<void>): Promise<void> {
  for (const seed of [1, 2]) {
    const room = openRoom({ seed, vms: ALL.length, bug: null });
    for (const machine of room.machines.values()) machine.skewMs /= 8;
    const world = openTroubleWorld(room, `sim seed ${seed}`);
    const whole = async (): Promise<void> => {
      await found(world, ALL);
      await together(world, ALL);
      const body = { epochMs: TURN_MS };
      await ask(room, 'vm1', { method: 'PUT', path: '/v1/core/epoch', body });
      room.underlay.block('vm1', 'vm3');
      const isCut = async (): Promise<boolean> =>
        (await stateOf(world, 'vm1', 'vm3')) === 'degraded' &&
        (await stateOf(world, 'vm3', 'vm1')) === 'degraded';
      await world.eventually('vm1 and vm3 do not reach each other', isCut, SETTLE_MS);
      await story(world, room);
    };
    await underBan(() => room.scheduler.drive(whole(), 3_600_000));
  }
}

/** Follows so many turns: in each all of these name one core soon. Gives the cores, by name. */
async function followTurns(
  { world, room }: { readonly world: World; readonly room: Room },
  names: readonly string[],
  turns: number,
): Promise<ReadonlySet<string>> {
  const cores = new Set<string>();
  const epochOf = async (name: string): Promise<number> =>
    (await ask<CoreView>(room, name, { path: '/v1/core' })).epoch;
  for (let turn = 0; turn < turns; turn += 1) {
    const before = await epochOf('vm2');
    const isNext = async (): Promise<boolean> => {
      const epochs = await Promise.all(names.map(epochOf));
      return epochs.every((epoch) => epoch > before);
    };
    await world.eventually('the next turn begins', isNext, 2 * TURN_MS);
    const isNamed = async (): Promise<boolean> => {
      const said = await Promise.all(names.map(async (name) => (await world.status(name)).core));
      const text = said.map((core) => `${core?.name} ${core?.epoch}.${core?.term}`).join();
      const [first] = said;
      const term = first?.epoch === before + 1 ? first.term : null;
      const isOne = said.every((core) => core?.id === first?.id && core?.term === term);
      if (!isOne || first === undefined || first === null) throw new Error(text);
      const isActing = machineOf(room, first.name).node?.core.isActing() === true;
      if (isActing) cores.add(first.name);
      return isActing;
    };
    await world.eventually(`all name the core of turn ${turn}`, isNamed, KNOWN_MS);
  }
  return cores;
}

test('who is cut from the core one way hears from others who it is or that it passes', async () => {
  // Goal: all who can talk agree on the core. Method: all four have their turns while nothing gets
  // from vm1 to vm3; then vm1 cannot take its turn, for its disk is full.
  await playCut(async (world, room) => {
    const cores = await followTurns({ world, room }, ALL, ALL.length);
    assert.deepEqual([...cores].toSorted(), ALL);
    await world.setDisk('vm1', 'full');
    const others = await followTurns({ world, room }, ALL, ALL.length);
    assert.deepEqual([...others].toSorted(), ['vm2', 'vm3', 'vm4']);
  });
});

test('who is cut from the core one way is not misled by a member that lies', async () => {
  // Goal: the negative twin. Method: the key of vm4, which may not have the role, in the hands of a
  // liar: when it is asked, it hands on what nobody said, what is garbled, and what was said in
  // other turns; vm2 alone tells vm1 and vm3 what the other said.
  await playCut(async (world, room) => {
    await ask(room, 'vm4', { method: 'PUT', path: '/v1/consent', body: { eligible: false } });
    const { members } = await world.status('vm1');
    const honest = ALL.filter((name) => name !== 'vm4');
    const isSaid = async (): Promise<boolean> => {
      const views = honest.map((vm) => ask<CoreView>(room, vm, { path: '/v1/core' }));
      return (await Promise.all(views)).every(({ ring }) => ring.length === honest.length);
    };
    await world.eventually('vm4 may not have the role', isSaid, SETTLE_MS);
    const machine = machineOf(room, 'vm4');
    machine.daemon?.end('crash');
    const { node, life } = await openImpostor(room, machine);
    const ids = members.filter(({ name }) => name !== 'vm4').map(({ id }) => id as MemberId);
    let questions = 0;
    const onAsked = (): void => void questions++;
    const lie = openSlander(node, room.dice.fork('slander'), () => ids, onAsked);
    const lying = (async () => {
      while (life.isAlive()) {
        meetAll(room, node);
        lie();
        await pauseRun(room, LIE_MS);
      }
    })();
    const cores = await followTurns({ world, room }, honest, 2 * honest.length);
    assert.deepEqual([...cores].toSorted(), honest);
    life.end('exit');
    await lying;
    assert.ok(questions > 0);
  });
});
