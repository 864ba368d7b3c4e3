import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskWorld, diskTrouble } from '../scenarios/disk-trouble.ts';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import { refusal } from '../scenarios/world.ts';
import { decodeJournal } from '../src/crdt/journal.ts';
import { underBan } from './ban.ts';
import { cutPower } from './machine.ts';
import { fileOf } from './platter.ts';
import { openRoom, type Room } from './room.ts';
import { openTroubleWorld } from './trouble-world.ts';
import { machineOf } from './world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;
const SEEDS = Array.from({ length: 2 }, (_, index) => index + 1);

/** Runs a story in the weather of a seed. */
async function play(seed: number, story: (world: DiskWorld, room: Room) => Promise<void>) {
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
