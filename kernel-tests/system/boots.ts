/** The machine reboots, loses power, and boots with a clock that stood still. */
import { type Check, expect } from './story.ts';
import { show } from './unit.ts';
import type { SystemWorld } from './world.ts';

const BOOT_MS = 60_000;
/** How far the clock is behind after the power cut. Unit: ms. */
const BEHIND_MS = 3 * 3_600_000;

/** Waits for the first answer since `sinceMs` of the monotonic clock; says how long it took. */
async function backSince(
  world: SystemWorld,
  address: string,
  down: () => Promise<void>,
): Promise<string> {
  const ping = world.ping(address);
  const offsetMs = Date.now() - performance.now();
  try {
    await world.eventually('an answer', BOOT_MS, async () => ping.answers().length > 0);
    await down();
    const { vm2 } = world;
    const bornAtS = (vm2.bornMs() + offsetMs) / 1000;
    const first = () => ping.answers().find(({ atS }) => atS > bornAtS);
    await world.eventually('an answer', BOOT_MS, async () => first() !== undefined);
    const { UserspaceTimestampMonotonic: userspaceUs } = await show(
      vm2,
      ['UserspaceTimestampMonotonic'],
      '',
    );
    const bootS = (first()?.atS ?? 0) - bornAtS;
    const userS = bootS - Number(userspaceUs) / 1e6;
    return `first ping ${bootS.toFixed(1)} s after power on, ${userS.toFixed(1)} s of it systemd's`;
  } finally {
    await ping.stop();
  }
}

/** It comes back by itself. */
export async function boots(check: Check, world: SystemWorld, address: string): Promise<void> {
  const { vm2, status, eventually } = world;
  const isBack = (): Promise<void> =>
    eventually('both are ready', BOOT_MS, async () => {
      const [one, two] = [await status('vm1'), await status('vm2')];
      return one.self.ready && two.self.ready && one.reachable === 2 && two.reachable === 2;
    });
  let said = '';
  await check('it reboots, and the VPN is back without hands', async () => {
    said = await backSince(world, address, () => vm2.reboot());
    await isBack();
  });
  console.log(`      ${said}`);
  await check('it was ready before its uplink had an address', async () => {
    const cnsmo = await show(vm2, ['ActiveEnterTimestampMonotonic']);
    const uplink = await show(vm2, ['ExecMainStartTimestampMonotonic'], 'uplink.service');
    const [ready, later] = [cnsmo, uplink].map((unit) => Number(Object.values(unit)[0]));
    expect((ready ?? 0) > 0 && (ready ?? 0) < (later ?? 0), { ready, later });
  });
}

/** It loses power, and its clock stood still. */
export async function powerCut(check: Check, world: SystemWorld, address: string): Promise<void> {
  const { vm2 } = world;
  let said = '';
  await check('it loses power, and comes back with its clock three hours behind', async () => {
    said = await backSince(world, address, async () => {
      await vm2.cut();
      await vm2.boot(new Date(Date.now() - BEHIND_MS));
    });
  });
  console.log(`      ${said}`);
}
