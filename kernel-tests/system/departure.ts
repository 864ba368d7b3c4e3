/** The member leaves: nothing of it remains, and nothing goes that is not its own. */
import { type Check, expect } from './story.ts';
import { difference, tracesOf } from './unit.ts';
import type { SystemWorld } from './world.ts';

const DROP_IN = '/etc/systemd/system/cnsmo.service.d';
const FORGOTTEN_MS = 60_000;

/** An administrator has added to the unit. `bare`: the traces before the member came. */
export async function leaves(check: Check, world: SystemWorld, bare: string): Promise<void> {
  const { vm2, status, eventually } = world;
  await check('what an administrator added to the unit counts', async () => {
    await vm2.must(`mkdir ${DROP_IN} && printf '[Service]\\nNice=-5\\n' >${DROP_IN}/override.conf`);
    await vm2.must('systemctl daemon-reload');
    expect((await vm2.must('systemctl show -p Nice --value cnsmo')).trim() === '-5', 'no Nice');
  });
  await check('leave removes the unit, and not what is not its own', async () => {
    await vm2.must('cnsmo leave --timeout 100s');
    const found = difference(bare, await tracesOf(vm2));
    const kept = [`+ ${DROP_IN}`, `+ ${DROP_IN}/override.conf`];
    // Modules that the kernel has loaded by now bring settings and stay.
    const others = found.filter((line) => !kept.includes(line) && !line.startsWith('+ net.'));
    expect(others.length === 0 && kept.every((line) => found.includes(line)), found.join('\n'));
  });
  await check('vm1 is the only member', async () => {
    await eventually('vm1 is alone', FORGOTTEN_MS, async () => {
      const { total, alarms, self } = await status('vm1');
      return total === 1 && alarms.length === 0 && self.ready;
    });
  });
}
