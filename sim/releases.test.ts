import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { underBan } from './ban.ts';
import { type Edition, openEdition, type Patch } from './edition.ts';
import { call } from './machine.ts';
import { LATER_PATH, NEXT, OTHER_WIRE } from './releases.table.ts';
import { openRoom, type Room } from './room.ts';
import { machineOf, openWorld } from './world.ts';

const VMS = ['vm1', 'vm2', 'vm3'] as const;
const STORY_MS = 3_600_000;

async function play(story: (world: World, room: Room) => Promise<void>): Promise<void> {
  const editions = {
    ours: await openEdition([]),
    next: await openEdition(NEXT),
    foreign: await openEdition(OTHER_WIRE),
  };
  const room = openRoom({ seed: 1, vms: 4, bug: null, editions });
  room.tolerated.add('version-mismatch').add('join-other-version');
  const world = openWorld(room, 'sim releases');
  await underBan(() => room.scheduler.drive(story(world, room), STORY_MS));
}

/** The VM's daemon is stopped, and started again from another release. */
async function change(world: World, room: Room, vm: string, to: Edition) {
  const machine = machineOf(room, vm);
  machine.edition = to;
  await world.crash(vm);
  await world.boot(vm);
}

const alarmsOf = async (world: World, vm: string): Promise<string> =>
  (await world.status(vm)).alarms.join('\n');

test('what a later release says is held by all, and stays when that is set back', async () => {
  // Goal: members of two releases are one mesh. Method: one VM is upgraded; the others hold what
  // they do not know, also after all were off; it is set back, and nothing is lost.
  await play(async (world, room) => {
    await found(world, [...VMS]);
    await change(world, room, 'vm3', room.editions.next);
    const { node } = machineOf(room, 'vm3');
    const author = node?.self;
    assert.ok(author);
    const isHeld = async (vm: string): Promise<boolean> =>
      machineOf(room, vm).node?.replica.valueOf(author, LATER_PATH) !== null;
    for (const vm of VMS) await world.eventually(`${vm} holds it`, () => isHeld(vm), SETTLE_MS);
    for (const vm of VMS) await world.powerCut(vm);
    for (const vm of VMS) await world.boot(vm);
    await change(world, room, 'vm3', room.editions.ours);
    await together(world, [...VMS]);
    for (const vm of VMS) assert.ok(await isHeld(vm), vm);
  });
});

test('another wire version is refused on both sides by name, and nothing passes', async () => {
  // Goal: no silent half of a mesh. Method: one VM speaks version 2: both sides say so and what one
  // says does not reach the other; it is set back, and all are in step.
  await play(async (world, room) => {
    await found(world, [...VMS]);
    await change(world, room, 'vm3', room.editions.foreign);
    for (const [vm, words] of [
      ['vm1', 'vm3 speaks wire version 2'],
      ['vm3', 'vm1 speaks wire version 1'],
    ] as const) {
      const isLoud = async (): Promise<boolean> => (await alarmsOf(world, vm)).includes(words);
      await world.eventually(`${vm} says: ${words}`, isLoud, SETTLE_MS);
    }
    await world.rename('vm1', 'vm2', 'other');
    const isTold = async (vm: string): Promise<boolean> =>
      (await world.members(vm)).some(({ name }) => name === 'other');
    await world.eventually('vm2 is told', () => isTold('vm2'), SETTLE_MS);
    await world.holds('vm3 is not told', async () => !(await isTold('vm3')), 60_000);
    await change(world, room, 'vm3', room.editions.ours);
    await world.eventually('vm3 is told', () => isTold('vm3'), SETTLE_MS);
    assert.ok(!(await alarmsOf(world, 'vm3')).includes('wire version'));
  });
});

/** A release that makes another state of the same frames. */
const OTHER_MIND: readonly Patch[] = [
  {
    file: 'src/crdt/projection.ts',
    find: '  used: admitted?.size ?? 0,',
    put: '  used: (admitted?.size ?? 0) + 1,',
  },
];

/** A release that takes nothing of what others say. */
const DEAF: readonly Patch[] = [
  {
    file: 'src/node/replica.ts',
    find: 'store.receiveAll(frames, ',
    put: 'store.receiveAll([], ',
  },
  {
    file: 'src/node/replica.ts',
    find: 'store.receiveInPieces(frames, ',
    put: 'store.receiveInPieces([], ',
  },
];

test('status names who holds the same and sees another state, and who is behind', async () => {
  // Goal: a fault of the program, and a member that lags, are seen by whoever looks. Method: one of
  // three makes another state of the same frames, and then takes none while another speaks; what
  // `cnsmo status` says on each; set back, nothing.
  const [otherMind, deaf] = [await openEdition(OTHER_MIND), await openEdition(DEAF)];
  await play(async (world, room) => {
    await found(world, [...VMS]);
    const says = async (vm: string, lines: readonly string[]): Promise<void> => {
      const isSaid = async (): Promise<boolean> => {
        const wish = { path: '/v1/status', query: { compare: 'true' } };
        const { outOfStep } = (await call(room, machineOf(room, vm), wish)) as Compared;
        return outOfStep.join('; ') === lines.join('; ');
      };
      await world.eventually(`${vm} says ${lines}`, isSaid, SETTLE_MS);
    };
    const all = async (of1: readonly string[], of3: (other: string) => string): Promise<void> => {
      await says('vm1', of1);
      await says('vm2', of1);
      await says('vm3', of1.length === 0 ? [] : ['vm1', 'vm2'].map(of3));
    };
    const other = 'holds the same frames and sees another state: run the same version on both';
    await all([], String);
    await change(world, room, 'vm3', otherMind);
    await all([`vm3 ${other}`], (vm) => `${vm} ${other}`);
    await change(world, room, 'vm3', deaf);
    await world.rename('vm1', 'vm2', 'vm2b');
    await world.rename('vm1', 'vm2b', 'vm2');
    await all(['vm3 is behind this VM'], (vm) => `${vm} is ahead of this VM`);
    await change(world, room, 'vm3', room.editions.ours);
    await all([], String);
  });
});

interface Compared {
  readonly outOfStep: readonly string[];
}
