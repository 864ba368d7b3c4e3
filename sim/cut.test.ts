import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReady, SETTLE_MS, stateOf, together } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { eraseState } from '../src/node/leave.ts';
import { underBan } from './ban.ts';
import { type Cut, type Knife, makeKnife } from './knife.ts';
import { bootMachine, type Machine, runCommandLine } from './machine.ts';
import { openRoom, type Room } from './room.ts';
import { machineOf, openWorld } from './world.ts';

/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;

interface Stage {
  readonly room: Room;
  readonly world: World;
  readonly knife: Knife;
  readonly vm2: Machine;
}

/** Runs a story with a knife over vm2, in the weather of a seed. */
async function play<Result>(seed: number, story: (stage: Stage) => Promise<Result>) {
  const knife = makeKnife('vm2');
  const room = openRoom({ seed, vms: 4, bug: knife.bug });
  const stage = {
    room,
    world: openWorld(room, `seed ${seed}`),
    knife,
    vm2: machineOf(room, 'vm2'),
  };
  return await underBan(() => room.scheduler.drive(story(stage), STORY_MS));
}

/** A mesh of vm1, and a token for it. */
async function foundedBy(world: World): Promise<string> {
  await world.init('vm1');
  await world.eventually('vm1 is ready', () => isReady(world, 'vm1'), SETTLE_MS);
  return await world.invite('vm1');
}

/** Everything that a member has on its VM. */
const remains = ({ kernel, children, platter }: Machine): readonly string[] => [
  ...[...kernel.devices.keys()].map((name) => `interface ${name}`),
  ...[...children.keys()].map((name) => `process ${name}`),
  ...[...platter.files].flatMap(([name, { cached }]) => (cached === null ? [] : [`file ${name}`])),
];

const isThere = ({ platter }: Machine, name: string): boolean =>
  (platter.files.get(name)?.cached ?? null) !== null;

const isWhole = (machine: Machine): boolean => isThere(machine, 'genesis');

/** `start`: the VM boots, or its daemon is started. `local`: a person runs leave --local. */
type Remedy = 'start' | 'local';

async function recover({ room, vm2 }: Stage, remedy: Remedy): Promise<void> {
  vm2.kernel.station.isOn = true;
  if (remedy === 'local') await runCommandLine(room, vm2, (ports) => eraseState(ports));
  else await bootMachine(room, vm2).catch(() => undefined); // It ends when it has left.
}

/** Kills vm2 in a leave, finishes by the remedy, and says what is wrong then. */
const cutLeave = (cut: Cut | null, remedy: Remedy) => async (stage: Stage) => {
  const { world, knife, vm2 } = stage;
  await world.join('vm2', await foundedBy(world));
  await together(world, ['vm1', 'vm2']);
  knife.draw(cut);
  await world.leave('vm2').catch(() => undefined);
  const calls = knife.sheathe();
  if (cut === null) return { calls, flaws: remains(vm2) };
  if (!knife.hasFallen()) return { calls, flaws: ['the knife did not fall'] };
  const wasBegun = isThere(vm2, 'leaving');
  const wasWhole = isWhole(vm2);
  await recover(stage, remedy);
  if (!wasBegun && wasWhole && remedy === 'start') {
    await together(world, ['vm1', 'vm2']);
    return { calls, flaws: [] };
  }
  const flaws = [...remains(vm2)];
  const isLeft = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm2')) === 'left';
  const isOut = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm2')) === 'dead';
  const isKnown = async (): Promise<boolean> =>
    (await isLeft()) || (remedy === 'local' && (await isOut()));
  await world.eventually('vm1 knows', isKnown, SETTLE_MS).catch((error) => {
    flaws.push(String(error));
  });
  return { calls, flaws };
};

/** Kills vm2's daemon in its first start, finishes by the remedy, and says what is wrong then. */
const cutStart = (cut: Cut | null, remedy: Remedy) => async (stage: Stage) => {
  const { world, knife, vm2 } = stage;
  const token = await foundedBy(world);
  const isUp = (): Promise<boolean> => isReady(world, 'vm2');
  // The command line comes first; the knife is for the daemon after it.
  const joining = world.join('vm2', token).catch(() => undefined);
  await world.eventually('joined', async () => isWhole(vm2), SETTLE_MS);
  knife.draw(cut);
  await joining;
  if (cut === null) {
    await world.eventually('ready', isUp, SETTLE_MS);
    return { calls: knife.sheathe(), flaws: [] };
  }
  await world.eventually('cut', async () => knife.hasFallen(), SETTLE_MS);
  await recover(stage, remedy);
  if (remedy === 'local') return { calls: 0, flaws: remains(vm2) };
  await together(world, ['vm1', 'vm2']);
  await world.leave('vm2');
  return { calls: 0, flaws: remains(vm2) };
};

/** Kills the command `join` of vm2; the same line again, or leave --local, must do. */
const cutJoin = (cut: Cut | null, remedy: Remedy) => async (stage: Stage) => {
  const { world, knife, vm2, room } = stage;
  const token = await foundedBy(world);
  knife.draw(cut);
  const joined = world.join('vm2', token).catch(() => undefined);
  if (cut === null) {
    await world.eventually('joined', async () => isWhole(vm2), SETTLE_MS);
    const calls = knife.sheathe();
    await joined;
    return { calls, flaws: [] };
  }
  await joined;
  knife.sheathe();
  vm2.kernel.station.isOn = true;
  if (remedy === 'local') {
    // The knife may have been too late for the command: leave --local is refused to a daemon's VM.
    if (vm2.daemon !== null) await world.crash('vm2');
    await runCommandLine(room, vm2, (ports) => eraseState(ports));
    return { calls: 0, flaws: remains(vm2) };
  }
  // The knife may have been too late for the command, and early for the daemon.
  if (!isWhole(vm2)) await world.join('vm2', token);
  else if (vm2.daemon === null) await bootMachine(room, vm2);
  await together(world, ['vm1', 'vm2']);
  const twins = (await world.members('vm1')).filter(({ name }) => name !== 'vm1');
  return { calls: 0, flaws: twins.length === 1 ? [] : [`${twins.length} members of one VM`] };
};

const STORIES = { leave: cutLeave, start: cutStart, join: cutJoin } as const;

/** The ways to cut at a step and to go on, taken in turn from step to step. */
const WAYS = (['before', 'during'] as const).flatMap((when) =>
  (['crash', 'power-cut'] as const).flatMap((how) =>
    (['start', 'local'] as const).map((remedy) => ({ when, how, remedy })),
  ),
);

for (const [name, story] of Object.entries(STORIES)) {
  test(`cut at every step of ${name}, a VM is a whole member or a clean one`, async () => {
    // Goal: nothing between, whatever kills it. Method: count the calls of ports; kill at each, by
    // the ways in turn, in the weathers of two seeds; finish, and look at what is left.
    for (const seed of [1, 2]) {
      const { calls, flaws } = await play(seed, story(null, 'start'));
      assert.deepEqual(flaws, []);
      assert.ok(calls > 5, `${calls} calls`);
      for (let at = 1; at <= calls; at += 1) {
        const { remedy, ...way } = WAYS[(at + seed) % WAYS.length] ?? assert.fail();
        const result = await play(seed, story({ at, ...way }, remedy));
        const what = `seed ${seed}, call ${at} of ${calls}, ${Object.values(way)}, ${remedy}`;
        assert.deepEqual(result.flaws, [], what);
      }
    }
  });
}
