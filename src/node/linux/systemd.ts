/**
 * Edge: systemd — has systemd run the daemon, where it is the init.
 *
 * That systemd does it is proven where systemd runs, in the kernel tests; here the steps are.
 */
import { dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Host } from '../../ports.ts';
import { diskFault, removeFile, writeAtomically } from './files.ts';
import { BOOT_UNIT, renderBootUnit, renderUnit, UNIT, type UnitPlaces } from './systemd-unit.ts';

/** Where an administrator's units are, by systemd.unit(5). */
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;

/** Writes the unit, enables it and has systemd start it. Harmless while it starts or runs. */
export async function startUnit(
  host: Host,
  places: UnitPlaces,
  unitFile = UNIT_FILE,
): Promise<void> {
  const units = [
    [unitFile, renderUnit(places)],
    [bootFileBeside(unitFile), renderBootUnit(places)],
  ] as const;
  for (const [file, text] of units) {
    try {
      await writeAtomically(file, text, 0o644);
    } catch (error) {
      throw diskFault(error, file);
    }
  }
  await control(host, ['daemon-reload']);
  await control(host, ['enable', UNIT, BOOT_UNIT]);
  await control(host, ['start', '--no-block', UNIT]); // It ends when the daemon is ready.
}

/**
 * Why the start that was asked for has failed, in words: how the daemon ended, and the last that
 * it said. Null while it goes on, and when it went well.
 */
export async function whyNotStarted(host: Host): Promise<string | null> {
  const [job, state, status] = await show(host, ['Job', 'ActiveState', 'ExecMainStatus']);
  if (job !== '' || state === 'active') return null;
  const filter = [`_SYSTEMD_UNIT=${UNIT}`, '--lines=1', '--output=cat', '--quiet'];
  const { stdout } = await host.run({ argv: ['journalctl', ...filter] });
  const said = stdout.trim();
  return `ended with status ${status}${said === '' ? '' : `: ${said}`}`;
}

/** Stops the daemon until the next start or boot. Harmless when it is not there. */
export async function stopUnit(host: Host): Promise<void> {
  if (await isKnown(host)) await control(host, ['stop', UNIT]);
}

/**
 * Stops the daemon and removes the unit; what an administrator added to it stays. Harmless when it
 * is not there.
 */
export async function removeUnit(host: Host, unitFile = UNIT_FILE): Promise<void> {
  if (await isKnown(host)) {
    await control(host, ['disable', '--now', UNIT]);
    await host.run({ argv: ['systemctl', 'disable', BOOT_UNIT] }); // Fails where there is none.
    await host.run({ argv: ['systemctl', 'reset-failed', UNIT] }); // Fails when nothing failed.
  }
  let isRemoved = false;
  for (const file of [unitFile, bootFileBeside(unitFile)]) {
    try {
      isRemoved = (await removeFile(file)) || isRemoved;
    } catch (error) {
      throw diskFault(error, file);
    }
  }
  if (isRemoved) await control(host, ['daemon-reload']);
}

const bootFileBeside = (unitFile: string): string => join(dirname(unitFile), BOOT_UNIT);

/** Not `systemctl cat`, which also knows a unit of which only additions are left. */
async function isKnown(host: Host): Promise<boolean> {
  return (await show(host, ['LoadState']))[0] !== 'not-found';
}

/** Properties of the unit, in the order in which they are named. */
async function show(host: Host, names: readonly string[]): Promise<readonly string[]> {
  const argv = ['systemctl', 'show', ...names.map((name) => `--property=${name}`), UNIT];
  const lines = (await host.run({ argv })).stdout.split('\n');
  return names
    .map((name) => lines.find((line) => line.startsWith(`${name}=`)) ?? `${name}=`)
    .map((line) => line.slice(line.indexOf('=') + 1));
}

async function control(host: Host, operands: readonly string[]): Promise<void> {
  const argv = ['systemctl', ...operands];
  const { status, stderr } = await host.run({ argv });
  if (status === 0) return;
  throw new Fault('internal', {
    field: 'systemd',
    value: argv.join(' '),
    why: `failed with status ${status}: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    remedy: `read why in: journalctl -u ${UNIT}`,
  });
}
