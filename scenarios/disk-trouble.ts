/**
 * Rule: disk trouble — a disk that takes nothing stops what must be written, and nothing else.
 */
import { admit, found, isReady, SETTLE_MS, stateOf, talk, together } from './mesh.ts';
import { expect, refusal, type World } from './world.ts';

/** What a world needs for it. */
export interface DiskWorld extends World {
  /** From now on the disk of a VM takes nothing, or everything again. */
  setDisk(vm: string, state: 'good' | 'full' | 'read-only'): Promise<void>;
}

const ALL = ['vm1', 'vm2', 'vm3'];

/**
 * An operator's disk fails: it says so, refuses to change anything and goes on; it starts on that
 * disk, too; and when the disk is well again everything is, without a restart.
 */
export const diskTrouble =
  (how: 'full' | 'read-only') =>
  async (world: DiskWorld): Promise<void> => {
    await found(world, ALL);
    await world.operatorAdd('vm1', 'vm2');
    await world.eventually('vm2 may invite', () => mayInvite(world), SETTLE_MS);
    expect('no alarm before', !(await isAlarmed(world)));

    await world.setDisk('vm2', how);
    await world.eventually('vm2 says so', () => isAlarmed(world), SETTLE_MS);
    const line = await refusalAtLast(world);
    expect(`the refusal names the disk: ${line}`, line.startsWith('disk: '));
    await talk(world, ALL);
    await admit(world, 'vm1', 'vm4');
    await together(world, [...ALL, 'vm4']);

    await world.crash('vm2');
    await talk(world, [...ALL, 'vm4']);
    await world.boot('vm2');
    await together(world, [...ALL, 'vm4']);
    await world.eventually('it still says so', () => isAlarmed(world), SETTLE_MS);
    await refusalAtLast(world);

    await world.setDisk('vm2', 'good');
    const isOver = async (): Promise<boolean> => !(await isAlarmed(world));
    await world.eventually('vm2 is well again', isOver, SETTLE_MS);
    const token = await world.invite('vm2');
    await world.leave('vm4');
    const isGone = async (): Promise<boolean> => (await stateOf(world, 'vm2', 'vm4')) === 'left';
    await world.eventually('vm2 knows that vm4 left', isGone, SETTLE_MS);
    await world.join('vm4', token);
    await world.eventually('vm4 is back', () => isReady(world, 'vm4'), SETTLE_MS);
    await talk(world, [...ALL, 'vm4']);
  };

/** Invites until a few fill what is left of the last block. Gives the line of the refusal. */
async function refusalAtLast(world: World): Promise<string> {
  for (let spare = 0; spare < 20; spare += 1) {
    const line = await world.invite('vm2').then(
      () => null,
      (error: Error) => error.message,
    );
    if (line !== null) return line;
  }
  return await refusal('an invite on a disk that takes nothing', world.invite('vm2'));
}

const isAlarmed = async (world: World): Promise<boolean> =>
  (await world.status('vm2')).alarms.some((alarm) => alarm.startsWith('disk: '));

async function mayInvite(world: World): Promise<boolean> {
  const { role } = (await world.status('vm2')).self;
  return role === 'operator' && (await isReady(world, 'vm2'));
}
