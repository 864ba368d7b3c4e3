import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, found, SETTLE_MS, stateOf, together } from '../scenarios/mesh.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { underBan } from './ban.ts';
import type { Machine } from './machine.ts';
import { openRoom } from './room.ts';
import { machineOf, openWorld } from './world.ts';

/** Virtual time that the story may take. Unit: ms. */
const STORY_MS = 3_600_000;

const idOf = ({ node }: Machine): MemberId => {
  assert.ok(node);
  return node.self;
};

test('readmission: a member that takes back whom it let in puts nobody out', async () => {
  // Goal: no node ends the membership of another by its own word, nor the role of an operator.
  // Method: vm4 and vm6 join through vm3 alone, vm6 gets the role; vm3 takes both back and is off.
  // vm6 is an operator all the while; another one lets vm4 in again, and all reach all.
  const room = openRoom({ seed: 1, vms: 6, bug: null });
  const world = openWorld(room, 'unseen');
  const [first, entry] = [machineOf(room, 'vm1'), machineOf(room, 'vm3')];
  const admitters = (id: MemberId): number =>
    (first.node?.replica.claims(trustPath('admission', id)) ?? []).length;
  const story = async (): Promise<void> => {
    await found(world, ['vm1', 'vm2', 'vm3']);
    const token = await world.invite('vm1', { uses: 4 });
    await together(world, ['vm1', 'vm2', 'vm3']);
    await world.cut('east', 'west');
    await apart(world, ['vm1', 'vm2'], ['vm3']);
    for (const vm of ['vm4', 'vm6']) await world.join(vm, token);
    await together(world, ['vm3', 'vm4', 'vm6']);
    await world.heal();
    await together(world, ['vm1', 'vm2', 'vm3', 'vm4', 'vm6']);
    await world.operatorAdd('vm1', 'vm6');
    const [four, six] = ['vm4', 'vm6'].map((vm) => idOf(machineOf(room, vm)));
    assert.ok(four !== undefined && six !== undefined);
    assert.equal(admitters(four), 1);

    let wasOperator = true;
    first.node?.replica.onChange(() => {
      const { operators } = first.node?.replica.view() ?? { operators: [] };
      wasOperator &&= operators.some(({ member }) => member === six);
    });
    const edits = [four, six].map((id) => ({ path: trustPath('admission', id), value: null }));
    await entry.node?.replica.write(edits);
    const isHeard = (): boolean =>
      first.node?.replica.valueOf(idOf(entry), edits[0]?.path ?? '') === null;
    await world.eventually('vm1 hears of it', async () => isHeard(), SETTLE_MS);
    await world.powerCut('vm3');
    const isBack = async (): Promise<boolean> => admitters(four) > 0;
    await world.eventually('another one lets vm4 in', isBack, SETTLE_MS);
    await together(world, ['vm1', 'vm2', 'vm4', 'vm6']);
    assert.ok(wasOperator);
    assert.notEqual(await stateOf(world, 'vm2', 'vm4'), null);
  };
  await underBan(() => room.scheduler.drive(story(), STORY_MS));
});
