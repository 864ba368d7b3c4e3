import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, SETTLE_MS, together } from '../scenarios/mesh.ts';
import type { World } from '../scenarios/world.ts';
import { underBan } from './ban.ts';
import { tellTableMonitors } from './kernel.ts';
import { openRoom, type Room } from './room.ts';
import { ask, machineOf, openWorld } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];
/** Virtual time that one story may take. Unit: ms. */
const STORY_MS = 3_600_000;
const TRIAL_MS = 30_000;
/** How soon after its end nothing of a trial decides any more. Unit: ms. */
const REVERT_MS = 2_000;

type Objects = readonly Readonly<
  Record<string, { readonly name?: string; readonly elem?: unknown }>
>[];

/** What a kernel goes by: the trial while its elements live, else the rules that last. */
const rulesAt = (room: Room, vm: string): 'none' | 'lasting' | 'trial' => {
  const { kernel } = machineOf(room, vm);
  const objects = (kernel.tables.get('inet cnsmo') ?? []) as Objects;
  const named = (name: string) => objects.find(({ map, chain }) => (map ?? chain)?.name === name);
  const elements = (named('trial-prerouting')?.map?.elem ?? []) as readonly { endMs: number }[];
  if (elements.some(({ endMs }) => endMs > kernel.nowMs())) return 'trial';
  return named('now/mesh-in') === undefined ? 'none' : 'lasting';
};

const tell = (room: Room, vm: string, verb: string, given: object): Promise<unknown> =>
  ask(room, vm, {
    method: 'POST',
    path: `/v1/services/firewall/${verb}`,
    body: { arguments: given },
  });

/** Three members, and a rule of vm1's on trial at all of them. */
async function onTrial(room: Room, world: World): Promise<void> {
  await found(world, ALL);
  await tell(room, 'vm1', 'deny', { traffic: 'tcp/9', name: 'no', confirm: TRIAL_MS });
  for (const vm of ALL) {
    await world.eventually(`${vm} tries`, async () => rulesAt(room, vm) === 'trial', 10_000);
  }
}

type Tale = (room: Room, world: World) => Promise<void>;

const story = (what: string, seed: number, tale: Tale): void => {
  test(what, async () => {
    // Goal and method: each story says its own.
    const room = openRoom({ seed, vms: 3, bug: null });
    const world = openWorld(room, what);
    await underBan(() => room.scheduler.drive(tale(room, world), STORY_MS + SETTLE_MS));
  });
};

/** Waits until a VM's kernel goes by these rules. */
const goesBy =
  (room: Room, world: World) =>
  (vm: string, rules: string, deadlineMs: number): Promise<void> =>
    world.eventually(`${vm}: ${rules}`, async () => rulesAt(room, vm) === rules, deadlineMs);

story(
  'a trial that nobody confirms ends everywhere, also where the daemon is dead',
  5,
  async (room, world) => {
    // Goal: reverts within 2 s of its end. Method: vm3's daemon is killed, vm2's clock jumps back
    // and forth; nothing is confirmed, and nothing begins again.
    await onTrial(room, world);
    await world.crash('vm3');
    const vm2 = machineOf(room, 'vm2');
    vm2.skewMs -= 60_000;
    for (const vm of ALL) await goesBy(room, world)(vm, 'none', TRIAL_MS + REVERT_MS);
    vm2.skewMs += 60_000;
    await world.boot('vm3');
    await together(world, ALL);
    await world.holds(
      'nobody tries it again',
      async () => ALL.every((vm) => rulesAt(room, vm) !== 'trial'),
      20_000,
    );
  },
);

story(
  'who missed the confirmation returns to the old rules, and adopts the new at heal',
  6,
  async (room, world) => {
    // Goal: partition. Method: vm3 is cut off before the others confirm; a member that was away all
    // the time meets the rule alone.
    await onTrial(room, world);
    await world.cut('east', 'west');
    await tell(room, 'vm1', 'confirm', {});
    for (const vm of ['vm1', 'vm2']) await goesBy(room, world)(vm, 'lasting', 10_000);
    await goesBy(room, world)('vm3', 'none', TRIAL_MS + REVERT_MS);
    await world.holds(
      'vm3 keeps to the old rules',
      async () => rulesAt(room, 'vm3') === 'none',
      20_000,
    );
    await world.heal();
    await goesBy(room, world)('vm3', 'lasting', SETTLE_MS);
    assert.equal(rulesAt(room, 'vm1'), 'lasting');
  },
);

/** A trial that vm3 is cut off from, until it is over for vm2. */
const missTrial = async (room: Room, world: World): Promise<void> => {
  await world.cut('east', 'west');
  await tell(room, 'vm1', 'deny', { traffic: 'tcp/9', name: 'no', confirm: TRIAL_MS });
  await goesBy(room, world)('vm2', 'trial', 10_000);
  await goesBy(room, world)('vm2', 'none', TRIAL_MS + REVERT_MS);
  await world.heal();
};

story('who meets a trial after its time never begins it', 7, async (room, world) => {
  // Goal: a late arrival. Method: vm3 is cut off before the trial, and healed after it.
  await found(world, ALL);
  await missTrial(room, world);
  await world.holds('vm3 never tries', async () => rulesAt(room, 'vm3') === 'none', 60_000);
  await together(world, ALL);
});

story('a clock that leaps ahead ends no trial early, nor late', 8, async (room, world) => {
  // Goal: counted by each member's monotonic clock. Method: amid a trial the clocks of its author
  // and of another member leap by an hour, ahead; both go by it until its time, and not after it.
  await onTrial(room, world);
  const begunMs = machineOf(room, 'vm1').kernel.nowMs();
  for (const vm of ['vm1', 'vm2']) machineOf(room, vm).skewMs += 3_600_000;
  const leftMs = () => TRIAL_MS - (machineOf(room, 'vm1').kernel.nowMs() - begunMs);
  const isTried = async () => ALL.every((vm) => rulesAt(room, vm) === 'trial');
  await world.holds('it runs on', isTried, leftMs() - 5_000);
  for (const vm of ALL) await goesBy(room, world)(vm, 'none', leftMs() + REVERT_MS);
  const isOver = async () => ALL.every((vm) => rulesAt(room, vm) === 'none');
  for (const vm of ['vm1', 'vm2']) machineOf(room, vm).skewMs -= 3_600_000;
  await world.holds('nor does it begin again, with the clocks back', isOver, 60_000);
});

story('a slow clock begins no trial after its end', 9, async (room, world) => {
  // Goal: a late arrival whose own clock takes it for fresh. Method: vm3's clock is a minute behind
  // the others'; it is cut off before the trial and healed after it.
  await found(world, ALL);
  machineOf(room, 'vm3').skewMs -= 60_000;
  await together(world, ALL);
  await missTrial(room, world);
  await world.holds('vm3 never tries', async () => rulesAt(room, 'vm3') === 'none', 120_000);
  machineOf(room, 'vm3').skewMs += 60_000;
  await together(world, ALL);
});

story('a trial ends where its author is gone, and after a reboot', 20, async (room, world) => {
  // Goal: power cuts. Method: amid a trial its author loses power, and another member reboots, with
  // an empty kernel and no boot unit: that one does not begin it again, and the third is over it
  // in one time.
  await onTrial(room, world);
  const begunMs = room.scheduler.nowMs();
  // By more than clocks differ.
  await world.holds('it runs', async () => rulesAt(room, 'vm2') === 'trial', 5_000);
  await world.powerCut('vm1');
  await world.powerCut('vm2');
  await world.boot('vm2');
  const leftMs = () => begunMs + TRIAL_MS - room.scheduler.nowMs();
  const isOld = async () => rulesAt(room, 'vm2') !== 'trial';
  await world.holds('vm2 does not try it again', isOld, leftMs() - 5_000);
  assert.equal(rulesAt(room, 'vm3'), 'trial');
  await goesBy(room, world)('vm3', 'none', leftMs() + REVERT_MS);
  await world.boot('vm1');
  await together(world, ALL);
  const isOver = async () => ALL.every((vm) => rulesAt(room, vm) === 'none');
  await world.holds('nobody tries it again', isOver, 20_000);
});

story('a trial whose table is taken away ends in its time', 11, async (room, world) => {
  // Goal: the deadline, whatever is done by hand. Method: 20 s into the trial vm2's table is
  // deleted; it is back with the trial, which ends with that of the others.
  await onTrial(room, world);
  const begunMs = room.scheduler.nowMs();
  const leftMs = () => begunMs + TRIAL_MS - room.scheduler.nowMs();
  const isTried = async () => ALL.every((vm) => rulesAt(room, vm) === 'trial');
  await world.holds('it runs', isTried, leftMs() - 10_000);
  const { kernel } = machineOf(room, 'vm2');
  kernel.tables.delete('inet cnsmo');
  tellTableMonitors(kernel, ['inet cnsmo']);
  assert.equal(rulesAt(room, 'vm2'), 'none');
  await goesBy(room, world)('vm2', 'trial', 5_000);
  for (const vm of ALL) await goesBy(room, world)(vm, 'none', leftMs() + REVERT_MS);
  await world.holds('nor does it begin again', async () => !(await isTried()), 60_000);
});

story('before a trial and amid it members are called by others', 12, async (room, world) => {
  // Goal: the question reaches other members in a whole mesh. Method: what each kernel keeps of
  // those who reached it before the trial; two others each.
  await onTrial(room, world);
  for (const vm of ALL) {
    const objects = (machineOf(room, vm).kernel.tables.get('inet cnsmo') ?? []) as Objects;
    const kept = objects.flatMap(({ rule }) => String(Object(rule).comment ?? ''));
    assert.equal(kept.filter((each) => each.startsWith('reached: ')).length, 4, vm);
  }
});
