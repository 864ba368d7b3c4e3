/** The last firewall is in the kernel before the network is up, also where no daemon starts. */
import * as commandLine from '../../netns-tests/command-line.ts';
import { withoutGenerations } from '../../netns-tests/table-words.ts';
import type { System } from './machine.ts';
import { type Check, expect } from './story.ts';
import { show } from './unit.ts';
import type { SystemWorld } from './world.ts';

const READY_MS = 60_000;
const BOOT_UNIT = 'cnsmo-boot.service';

/** Looks at the table before the network may be set up, and before any daemon of ours. */
const LOOK = `[Unit]
Description=Looks at the firewall before the network is up
DefaultDependencies=no
After=${BOOT_UNIT}
Before=network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'nft -s list table inet cnsmo >/run/early-table; ip -o link >/run/early-links'

[Install]
WantedBy=sysinit.target
`;
const LOOK_FILE = '/etc/systemd/system/early-look.service';

/** A listing without what each load has of its own. */
const wordsOf = (listing: string): string =>
  withoutGenerations(listing).split('\n').toSorted().join('\n');

const tableOf = (vm2: System): Promise<string> => vm2.must('nft -s list table inet cnsmo; true');

const firewall = (world: SystemWorld, ...words: readonly string[]): Promise<string> =>
  commandLine.obey(world.vm1, ['firewall', ...words]);

/** Its daemon does not start, and its firewall is there all the same, before the network. */
export async function loadsEarly(check: Check, world: SystemWorld): Promise<void> {
  const rule = ['--zone', 'wan', '--from', '203.0.113.0/24', '--name', 'early'];
  let before = '';
  await check('a rule is in its kernel, and changed there', async () => {
    await firewall(world, 'deny', 'tcp/4444', ...rule);
    await firewall(world, 'deny', 'tcp/5555', ...rule, '--replace');
    before = await lastRules(world);
  });
  await check('its daemon does not start: the last rules hold before the network', () =>
    bootsAlone(world, before),
  );
  await check('they were loaded before network-pre.target was reached', () => isInTime(world.vm2));
  await check('its daemon adopts them, and goes on from there', async () => {
    const { vm2, status, eventually } = world;
    await vm2.must('systemctl enable --now cnsmo');
    await eventually('it is ready', READY_MS, async () => (await status('vm2')).self.ready);
    const adopted = await tableOf(vm2);
    expect(wordsOf(adopted) === wordsOf(before), `${before}\nbecame\n${adopted}`);
    await firewall(world, 'delete', 'early');
    await eventually('no table', READY_MS, async () => (await tableOf(vm2)) === '');
    await eventually('nothing to load', READY_MS, async () => (await keptIn(vm2)) === '');
    await vm2.must(`systemctl disable early-look; rm ${LOOK_FILE}; systemctl daemon-reload`);
  });
}

/** What is kept for the boot. */
const keptIn = (vm2: System): Promise<string> =>
  vm2.must('cat /var/lib/cnsmo/boot-firewall 2>/dev/null; true');

async function lastRules({ vm2, eventually }: SystemWorld): Promise<string> {
  await eventually('the last rule', READY_MS, async () => {
    const table = await tableOf(vm2);
    return table.includes('5555') && !table.includes('4444');
  });
  await eventually('it is kept for the boot', READY_MS, async () =>
    (await keptIn(vm2)).includes('5555'),
  );
  return await tableOf(vm2);
}

async function bootsAlone({ vm2, eventually }: SystemWorld, before: string): Promise<void> {
  await vm2.must(`cat >${LOOK_FILE} <<'END'\n${LOOK}END\nsystemctl enable early-look`);
  await vm2.must('systemctl disable cnsmo');
  await vm2.reboot();
  await eventually('it is up', READY_MS, async () => {
    const { ActiveState } = await show(vm2, ['ActiveState'], 'uplink.service');
    return ActiveState === 'active';
  });
  const { ActiveState } = await show(vm2, ['ActiveState']);
  expect(ActiveState === 'inactive', `the daemon is ${ActiveState}`);
  const early = await vm2.must('cat /run/early-table');
  expect(wordsOf(early) === wordsOf(before), `${before}\nbecame\n${early}`);
  const links = await vm2.must('cat /run/early-links');
  expect(!/^\d+: (?!lo:)\S+ <(?:[^>]*,)?UP[,>]/m.test(links), links);
  expect(wordsOf(await tableOf(vm2)) === wordsOf(early), 'it did not last');
}

async function isInTime(vm2: System): Promise<void> {
  const load = await show(vm2, ['ExecMainExitTimestampMonotonic', 'Result'], BOOT_UNIT);
  const network = await show(vm2, ['ActiveEnterTimestampMonotonic'], 'network-pre.target');
  const loadedUs = Number(load.ExecMainExitTimestampMonotonic);
  const reachedUs = Number(network.ActiveEnterTimestampMonotonic);
  expect(load.Result === 'success' && loadedUs > 0 && loadedUs < reachedUs, { load, network });
}
