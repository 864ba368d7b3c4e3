/**
 * Rule: founder gone — the founder may die for ever: whoever holds the recovery code makes a new
 * operator, and VMs join as before.
 */
import { found, SETTLE_MS, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

/** Without the code nobody rules; with it any member does, once. */
export async function founderGone(world: World): Promise<void> {
  const code = await found(world, ['vm1', 'vm2', 'vm3']);
  await world.powerCut('vm1');
  await talk(world, ['vm2', 'vm3']);
  expect('a dead founder answers nobody', !(await world.ping('vm2', 'vm1')));
  const forbidden = await refusal('an invite without the role', world.invite('vm2'));
  expect(`the refusal names the role: ${forbidden}`, forbidden.startsWith('role: '));

  const next = await world.operatorRecover('vm2', code);
  expect('the next code is another one', next !== code);
  const isOperator = async (): Promise<boolean> =>
    (await world.members('vm3')).some(({ name, role }) => name === 'vm2' && role === 'operator');
  await world.eventually('vm3 takes vm2 for an operator', isOperator, SETTLE_MS);
  const spent = await refusal('a code used twice', world.operatorRecover('vm3', code));
  expect(`the refusal names the code: ${spent}`, spent.startsWith('code: '));
  await world.join('vm4', await world.invite('vm2'));
  await together(world, ['vm2', 'vm3', 'vm4']);
}
