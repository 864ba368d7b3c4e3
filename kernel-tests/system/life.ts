/** The member comes, and its daemon dies, is restarted and replaced, while packets pass. */
import * as commandLine from '../../netns-tests/command-line.ts';
import { type Check, expect, expectGapless } from './story.ts';
import { dataPlane, show } from './unit.ts';
import type { SystemWorld } from './world.ts';

/** Emulation and a busy machine: a start takes 4 s, and systemd waits 3 s before the next. */
const READY_MS = 60_000;
const PATIENCE = '--timeout 100s';
/** Half as exposed as a service without any of it, which has 9.6. See docs/DECISIONS.md. */
const EXPOSURE_MAX = 4.9;

/** vm1 founds a mesh, vm2 joins. Gives the IPv4 address of vm2 in the VPN. */
export async function joinUnit(check: Check, world: SystemWorld, engine: string): Promise<string> {
  const { vm1, vm2, status, eventually } = world;
  let address = '';
  await check('join ships the unit, enables it and starts it', async () => {
    const token = await commandLine.invite(vm1);
    await vm2.must(
      `echo ${token} >/run/token; cnsmo join --token-file /run/token --member vm2 ${PATIENCE}`,
    );
    const unit = await show(vm2, ['Type', 'UnitFileState', 'LoadState']);
    expect(unit.UnitFileState === 'enabled' && unit.Type === 'notify', unit);
  });
  await check(`it becomes ready, by ${engine}, and systemd knows`, async () => {
    await eventually('vm2 is ready', READY_MS, async () => (await status('vm2')).self.ready);
    const { self } = await status('vm2');
    address = self.addresses[0] ?? '';
    expect(self.engine === engine, self);
    await eventually('active', READY_MS, async () => {
      const { ActiveState } = await show(vm2, ['ActiveState']);
      return ActiveState === 'active';
    });
  });
  await check('vm1 reads its journal', async () => {
    const isStarted = (line: string): boolean => line.includes('"event":"started"');
    await eventually('the line of its start', READY_MS, async () =>
      (await commandLine.logs(vm1, 'vm2')).some(isStarted),
    );
  });
  await check('vm1 reaches it in the VPN', async () => {
    const ping = world.ping(address);
    await eventually('ten answers', READY_MS, async () => ping.answers().length >= 10);
    await ping.stop();
  });
  return address;
}

/** While `act` replaces the daemon: no packet lost, data plane untouched, a new daemon ready. */
async function survives(
  check: Check,
  world: SystemWorld,
  { name, address, act }: { name: string; address: string; act: () => Promise<unknown> },
): Promise<void> {
  const { vm2, status, eventually } = world;
  await check(name, async () => {
    const { MainPID: before } = await show(vm2, ['MainPID']);
    const plane = await dataPlane(vm2);
    const ping = world.ping(address);
    await eventually('an answer', READY_MS, async () => ping.answers().length > 0);
    await act();
    await eventually('a new daemon is ready', READY_MS, async () => {
      const { MainPID, ActiveState } = await show(vm2, ['MainPID', 'ActiveState']);
      if (MainPID === before || ActiveState !== 'active') return false;
      return (await status('vm2')).self.ready;
    });
    const answers = await ping.stop();
    expectGapless(answers, 10);
    expect((await dataPlane(vm2)) === plane, `${plane} became ${await dataPlane(vm2)}`);
  });
}

/** All deaths of a daemon that a host knows. */
export async function lifeOfDaemon(
  check: Check,
  world: SystemWorld,
  { address, isLong }: { address: string; isLong: boolean },
): Promise<void> {
  const { vm2 } = world;
  const dies = (name: string, script: string): Promise<void> =>
    survives(check, world, { name, address, act: () => vm2.must(script) });
  await check('the unit is locked down, and systemd finds no fault with it', async () => {
    const said = await vm2.must('systemd-analyze security --no-pager cnsmo.service | tail -n 1');
    const exposure = Number(/: (\d+\.\d+)/.exec(said)?.[1]);
    expect(exposure <= EXPOSURE_MAX, said);
    console.log(`      exposure ${exposure} of 10`);
    const faults = await vm2.must('journalctl -b _PID=1 -o cat | grep -i "cnsmo.service:"; true');
    expect(!/unknown|invalid|failed|ignoring/i.test(faults), faults);
  });
  await dies(
    'its daemon is killed: systemd starts another, which adopts',
    'kill -9 $(systemctl show -p MainPID --value cnsmo)',
  );
  if (isLong) await dies('systemctl restart', 'systemctl restart cnsmo');
  await dies(
    'the binary is replaced, and cnsmo restart runs the new one',
    [
      'cp /usr/local/lib/cnsmo-next /usr/local/bin/cnsmo.new',
      'mv /usr/local/bin/cnsmo.new /usr/local/bin/cnsmo',
      `cnsmo restart ${PATIENCE}`,
      'journalctl -u cnsmo -o cat | grep started | tail -n 1 | grep 0000000',
    ].join(' && '),
  );
}
