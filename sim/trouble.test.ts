import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockWorld } from '../scenarios/clock.ts';
import { type DiskWorld, diskTrouble } from '../scenarios/disk-trouble.ts';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import { refusal } from '../scenarios/world.ts';
import { decodeJournal } from '../src/crdt/journal.ts';
import type { CoreView } from '../src/node/rules/answers.ts';
import { underBan } from './ban.ts';
import { cutPower } from './machine.ts';
import { fileOf } from './platter.ts';
import { openRoom, type Room } from './room.ts';
import { openTroubleWorld } from './trouble-world.ts';
import { ask, machineOf } from './world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;
const SEEDS = Array.from({ length: 2 }, (_, index) => index + 1);

/** Runs a story in the weather of a seed. */
async function play(
  seed: number,
  story: (world: DiskWorld & ClockWorld, room: Room) => Promise<void>,
) {
  const room = openRoom({ seed, vms: 4, bug: null });
  const world = openTroubleWorld(room, `sim seed ${seed}`);
  await underBan(() => room.scheduler.drive(story(world, room), STORY_MS));
}

for (const how of ['full', 'read-only'] as const) {
  test(`a ${how} disk stops what must be written, and nothing else`, async () => {
    // Goal: the scenario. Method: two seeds.
    for (const seed of SEEDS) await play(seed, diskTrouble(how));
  });
}

test('a member whose disk takes nothing leaves its turn of the core role to the next', async () => {
  // Goal: a core wherever one is possible. Method: turns of a minute and vm2's disk full, for as
  // many turns as there are members: within half a minute all three name one holder, vm2 too; its
  // own turn is another's; and when there is room again, it has its turn.
  for (const seed of SEEDS) {
    await play(seed, async (world, room) => {
      const names = ['vm1', 'vm2', 'vm3'];
      await found(world, names);
      await ask(room, 'vm1', { method: 'PUT', path: '/v1/core/epoch', body: { epochMs: 60_000 } });
      await world.setDisk('vm2', 'full');
      const first = await nextTurn(world, room, 0);
      for (let epoch = first; epoch < first + names.length; ) {
        await world.eventually('all name one holder', () => isOneHolder(world, names), 30_000);
        const { core } = await world.status('vm2');
        assert.ok(core !== null && core.name !== 'vm2');
        const { ring } = await ask<CoreView>(room, 'vm1', { path: '/v1/core' });
        if (ring[0]?.name === 'vm2') assert.equal(ring[0].unfit, 'unable');
        epoch = await nextTurn(world, room, epoch);
      }
      await world.setDisk('vm2', 'good');
      const isHeld = async (): Promise<boolean> => (await world.status('vm1')).core?.name === 'vm2';
      await world.eventually('vm2 has its turn', isHeld, 240_000);
    });
  }
});

for (const offMs of [3_600_000, -3_600_000]) {
  test(`a member whose clock is off by ${offMs} ms leaves its turn to the next`, async () => {
    // Goal: one wrong clock takes nobody's core, and all agree on who it is. Method: turns of a
    // minute and vm2's clock wrong, for as many turns as there are members: soon all three name one
    // holder, vm2 too; in its own turn another, and why; when it is right again, it has its turn.
    for (const seed of SEEDS) {
      await play(seed, async (world, room) => {
        const names = ['vm1', 'vm2', 'vm3'];
        for (const vm of names) await world.setClock(vm, 0);
        await found(world, names);
        const body = { epochMs: 60_000 };
        await ask(room, 'vm1', { method: 'PUT', path: '/v1/core/epoch', body });
        // What is said an hour ahead of its clock, vm2 does not take.
        const isSet = async (): Promise<boolean> => {
          const views = names.map((vm) => ask<CoreView>(room, vm, { path: '/v1/core' }));
          return new Set((await Promise.all(views)).map(({ epoch }) => epoch)).size === 1;
        };
        await world.eventually('all have turns of a minute', isSet, 30_000);
        await world.setClock('vm2', offMs);
        const first = await nextTurn(world, room, await nextTurn(world, room, 0));
        const unfit = new Set<string | null>();
        for (let epoch = first; epoch < first + names.length; ) {
          await world.eventually('all name one holder', () => isOneHolder(world, names), 20_000);
          const { core } = await world.status('vm2');
          assert.ok(core !== null && core.name !== 'vm2');
          const { ring } = await ask<CoreView>(room, 'vm1', { path: '/v1/core' });
          if (ring[0]?.name === 'vm2') unfit.add(ring[0].unfit);
          epoch = await nextTurn(world, room, epoch);
        }
        assert.deepEqual([...unfit], ['wrong clock']);
        await world.setClock('vm2', 0);
        const isHeld = async (): Promise<boolean> =>
          (await world.status('vm1')).core?.name === 'vm2';
        await world.eventually('vm2 has its turn', isHeld, 240_000);
      });
    }
  });
}

/** Waits for the beginning of a turn after this epoch; gives its number. */
async function nextTurn(world: DiskWorld, room: Room, epoch: number): Promise<number> {
  const now = async (): Promise<number> =>
    (await ask<CoreView>(room, 'vm1', { path: '/v1/core' })).epoch;
  const last = Math.max(epoch, await now());
  await world.eventually('a turn begins', async () => (await now()) > last, 90_000);
  return await now();
}

async function isOneHolder(world: DiskWorld, names: readonly string[]): Promise<boolean> {
  const cores = await Promise.all(names.map(async (name) => (await world.status(name)).core));
  const said = new Set(cores.map((core) => (core === null ? '' : `${core.id} ${core.epoch}`)));
  return said.size === 1 && !said.has('');
}

test('what a disk did not take is on it when it is well again', async () => {
  // Goal: no hole stays in a journal. Method: others join and leave while the disk is full; it is
  // well again; after a power cut of that VM its journal holds every frame that the others hold.
  for (const seed of SEEDS) {
    await play(seed, async (world, room) => {
      await found(world, ['vm1', 'vm2']);
      await world.setDisk('vm2', 'full');
      await world.join('vm3', await world.invite('vm1'));
      await together(world, ['vm1', 'vm2', 'vm3']);
      const lacking = (): number => {
        const [all, own] = ['vm1', 'vm2'].map((name) => framesOf(room, name));
        return [...(all ?? [])].filter((frame) => own?.has(frame) !== true).length;
      };
      assert.ok(lacking() > 0);
      await world.setDisk('vm2', 'good');
      await world.eventually('nothing is lacking', async () => lacking() === 0, SETTLE_MS);
      cutPower(machineOf(room, 'vm2'));
      assert.equal(lacking(), 0);
      await world.boot('vm2');
      await together(world, ['vm1', 'vm2', 'vm3']);
    });
  }
});

test('a disk whose syncs fail makes nobody fork', async () => {
  // Goal: no place in a chain is used twice, whatever of a refused frame is on disk. Method: an
  // operator tries to write while its disk fails, its daemon is killed at once, or its power is
  // cut; then it writes; a frame that forks would be rejected, and fails the run.
  for (const seed of SEEDS) {
    await play(seed, async (world, room) => {
      await found(world, ['vm1', 'vm2']);
      const { platter } = machineOf(room, 'vm1');
      for (let round = 0; round < 3; round += 1) {
        platter.trouble = 'failing';
        await refusal('an invite on a failing disk', world.invite('vm1'));
        if (round > 0) await (round === 1 ? world.crash('vm1') : world.powerCut('vm1'));
        platter.trouble = null;
        if (round > 0) await world.boot('vm1');
        await together(world, ['vm1', 'vm2']);
        await world.invite('vm1');
        await together(world, ['vm1', 'vm2']);
      }
      await world.join('vm3', await world.invite('vm1'));
      await together(world, ['vm1', 'vm2', 'vm3']);
    });
  }
});

function framesOf(room: Room, vm: string): ReadonlySet<string> {
  const bytes = fileOf(machineOf(room, vm).platter, 'journal').durable ?? new Uint8Array();
  const { frames } = decodeJournal(room.crypto, bytes);
  return new Set(frames.map((frame) => Buffer.from(frame).toString('base64')));
}
