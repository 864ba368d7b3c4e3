/** The clock of the machine is wrong: said there, harmless elsewhere, healed when it is right. */
import { type Check, expect } from './story.ts';
import type { SystemWorld } from './world.ts';

/** As docs promise: within a minute. */
const SEEN_MS = 60_000;
/** How it is wrong, and how status says it. */
const WRONG = [
  { shiftS: 3 * 3_600, words: '3 h ahead' },
  { shiftS: -600, words: '10 min behind' },
] as const;

/** All wrong clocks. `address`: vm2's in the VPN. */
export async function wrongClocks(
  check: Check,
  world: SystemWorld,
  address: string,
): Promise<void> {
  const { vm2, status, eventually } = world;
  const setClock = (shiftS: number): Promise<string> =>
    vm2.must(`date -s @${(Date.now() / 1000 + shiftS).toFixed(0)}`);
  const alarmsOf = async (vm: 'vm1' | 'vm2'): Promise<readonly string[]> => {
    const { alarms } = await status(vm);
    return alarms;
  };
  for (const { shiftS, words } of WRONG) {
    await check(`a clock that is ${words}: said there, the other member goes on`, async () => {
      await setClock(shiftS);
      const ping = world.ping(address);
      await eventually('the alarm', SEEN_MS, async () => {
        const alarms = await alarmsOf('vm2');
        return alarms.some((alarm) => alarm.includes(`this VM's clock is ${words}`));
      });
      await eventually('answers', SEEN_MS, async () => ping.answers().length >= 10);
      await ping.stop();
      const { self } = await status('vm1');
      expect(self.ready, self);
    });
  }
  await check('set right, no alarm is left on either', async () => {
    await setClock(0);
    await eventually('no alarm', SEEN_MS, async () => {
      const alarms = [...(await alarmsOf('vm1')), ...(await alarmsOf('vm2'))];
      return alarms.length === 0 && (await status('vm2')).self.ready;
    });
  });
}
