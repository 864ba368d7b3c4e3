/**
 * Edge: systemd — has systemd run the daemon, where it is the init.
 *
 * That systemd does it is proven where systemd runs, in the kernel tests; here the steps are.
 */
import { Fault } from '../../fault.ts';
import type { Host } from '../../ports.ts';
import { diskFault, removeFile, writeAtomically } from './files.ts';
import { renderUnit, UNIT, type UnitPlaces } from './systemd-unit.ts';

/** Where an administrator's units are, by systemd.unit(5). */
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;

/** Writes the unit, enables it and starts it, or restarts it with what changed. */
export async function startUnit(
  host: Host,
  places: UnitPlaces,
  unitFile = UNIT_FILE,
): Promise<void> {
  const text = renderUnit(places);
  try {
    await writeAtomically(unitFile, text, 0o644);
  } catch (error) {
    throw diskFault(error, unitFile);
  }
  await control(host, ['daemon-reload']);
  await control(host, ['enable', UNIT]);
  await control(host, ['restart', UNIT]);
}

/** Stops the daemon until the next start or boot. Harmless when it is not there. */
export async function stopUnit(host: Host): Promise<void> {
  if (await isKnown(host)) await control(host, ['stop', UNIT]);
}

/** Stops the daemon and removes the unit. Harmless when it is not there. */
export async function removeUnit(host: Host, unitFile = UNIT_FILE): Promise<void> {
  if (await isKnown(host)) await control(host, ['disable', '--now', UNIT]);
  try {
    if (!(await removeFile(unitFile))) return;
  } catch (error) {
    throw diskFault(error, unitFile);
  }
  await control(host, ['daemon-reload']);
}

async function isKnown(host: Host): Promise<boolean> {
  return (await host.run({ argv: ['systemctl', 'cat', UNIT] })).status === 0;
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
