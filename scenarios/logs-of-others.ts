/**
 * Rule: logs of others — an operator reads what another member's daemon writes, from its own VM;
 * nobody else does, and a member that cannot be reached is told from one that refuses.
 */
import { found, SETTLE_MS } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

/** Read by an operator, refused to a node until it is one, and to all while the member is off. */
export async function logsOfOthers(world: World): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  const sees = (reader: string, of: string, words: string) => async (): Promise<boolean> =>
    (await world.logs(reader, of)).some((line) => line.includes(words));
  expect('there is a log', (await world.logs('vm1', 'vm2')).length > 0);
  await world.eventually('the reader is in it', sees('vm1', 'vm2', '"by":"vm1"'), SETTLE_MS);
  expect('not in its own', !(await sees('vm1', 'vm1', '"by":"vm1"')()));
  expect('each reads its own', (await world.logs('vm3', 'vm3')).length > 0);

  const table = [
    ['a node', () => world.logs('vm3', 'vm2'), 'role: node: '],
    ['of a member that is not there', () => world.logs('vm1', 'vm9'), 'member: vm9: no such '],
  ] as const;
  for (const [what, ask, begins] of table) {
    const line = await refusal(what, ask());
    expect(`${what} is refused by ${begins}: ${line}`, line.startsWith(begins));
  }
  await world.operatorAdd('vm1', 'vm3');
  await world.eventually('vm3 may read now', sees('vm3', 'vm2', '"by":"vm3"'), SETTLE_MS);

  await world.powerCut('vm2');
  const isTold = async (): Promise<boolean> =>
    (await refusal('of a member that is off', world.logs('vm1', 'vm2'))).startsWith(
      'member: vm2: not connected',
    );
  await world.eventually('it is told that vm2 is not connected', isTold, SETTLE_MS);
  await world.boot('vm2');
  await world.eventually('it can be read again', sees('vm1', 'vm2', '"by":"vm1"'), SETTLE_MS);
}
