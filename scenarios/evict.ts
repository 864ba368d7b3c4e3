/**
 * Rule: evict — whoever is thrown out is out on every VM, also on those that hear of it late; what
 * hung on it stays.
 */
import { admit, apart, found, isReady, SETTLE_MS, stateOf, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

/** An operator is evicted by another: whom it invited stays, its unspent token opens nothing. */
export async function evict(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.operatorAdd('vm1', 'vm2');
  await world.eventually('vm2 may invite', () => isReady(world, 'vm2'), SETTLE_MS);
  const unspent = await world.invite('vm2');
  await admit(world, 'vm2', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  const node = await refusal('an eviction by a node', world.evict('vm3', 'vm4'));
  expect(`the refusal names the role: ${node}`, node.startsWith('role: '));
  const oneself = await refusal('evicting oneself', world.evict('vm1', 'vm1'));
  expect(`the refusal asks for a yes: ${oneself}`, oneself.includes('--yes'));

  await world.evict('vm1', 'vm2');
  await isOut(world, 'vm2', ['vm1', 'vm3', 'vm4']);
  await knowsIt(world, 'vm2');
  await together(world, ['vm1', 'vm3', 'vm4']);
  await comesBackAnew(world, 'vm2', unspent);
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
}

/** It hears of nothing while it is cut off, and neither do those on its side; then all do. */
export async function evictPartitioned(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  await world.cut('east', 'west');
  await apart(world, ['vm1', 'vm2'], ['vm3', 'vm4']);
  await world.evict('vm1', 'vm3');
  await isOut(world, 'vm3', ['vm1', 'vm2']);
  await talk(world, ['vm3', 'vm4']);
  expect('vm4 does not know yet', (await stateOf(world, 'vm4', 'vm3')) !== 'evicted');

  await world.heal();
  await isOut(world, 'vm3', ['vm1', 'vm2', 'vm4']);
  await knowsIt(world, 'vm3');
  await together(world, ['vm1', 'vm2', 'vm4']);
}

/** The only other one hears of it when the cut is over, although it was off meanwhile. */
export async function evictPartitionedOfTwo(world: World): Promise<void> {
  await found(world, ['vm1', 'vm3']);
  await world.cut('east', 'west');
  await apart(world, ['vm1'], ['vm3']);
  await world.evict('vm1', 'vm3');
  await isOut(world, 'vm3', ['vm1']);
  expect('vm3 does not know yet', (await stateOf(world, 'vm3', 'vm1')) !== null);
  await world.crash('vm3');
  await world.boot('vm3');
  await world.heal();
  await knowsIt(world, 'vm3');
  await isOut(world, 'vm3', ['vm1']);
  await admit(world, 'vm1', 'vm2');
  await together(world, ['vm1', 'vm2']);
}

/** With two members there is one left, which does its whole part. */
export async function evictOfTwo(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await world.powerCut('vm2');
  await world.evict('vm1', 'vm2');
  expect('it is out at once', (await stateOf(world, 'vm1', 'vm2')) === 'evicted');
  await world.boot('vm2');
  await knowsIt(world, 'vm2');
  await isOut(world, 'vm2', ['vm1']);
  await world.eventually('vm1 is ready alone', () => isReady(world, 'vm1'), SETTLE_MS);
  await admit(world, 'vm1', 'vm3');
  await together(world, ['vm1', 'vm3']);
}

/** Every VM lists it as evicted, and none of them exchanges a packet with it. */
async function isOut(world: World, name: string, others: readonly string[]): Promise<void> {
  for (const other of others) {
    const isGone = async (): Promise<boolean> => (await stateOf(world, other, name)) === 'evicted';
    await world.eventually(`${other} knows that ${name} is out`, isGone, SETTLE_MS);
    const row = (await world.members(other)).find(({ state }) => state === 'evicted');
    expect(`${other} says who did it`, row?.evicted?.by === 'vm1');
  }
  await apart(world, others, [name]);
}

/** Its own daemon says what happened, and what to do. */
const knowsIt = (world: World, name: string): Promise<void> =>
  world.eventually(
    `${name} knows that it is out`,
    async () =>
      (await world.status(name)).alarms.some(
        (line) => line.includes('evicted') && line.includes('cnsmo leave --local'),
      ),
    SETTLE_MS,
  );

/** Its key is refused for ever, and so are its tokens; the VM may join as somebody new. */
async function comesBackAnew(world: World, name: string, unspent: string): Promise<void> {
  const before = (await world.status(name)).self;
  await world.leave(name);
  const line = await refusal('a token of who was evicted', world.join(name, unspent));
  expect(`the refusal names the token: ${line}`, line.startsWith('token: '));
  await world.join(name, await world.invite('vm1'));
  await world.eventually(`${name} is back`, () => isReady(world, name), SETTLE_MS);
  const { id, name: called } = (await world.status(name)).self;
  expect('it is somebody else of the same name', id !== before.id && called === before.name);
}
