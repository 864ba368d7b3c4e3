/**
 * Edge: systemd — the unit that runs the daemon where systemd is the init.
 *
 * 1. The unit never ends what must outlive the daemon: `KillMode=process`.
 * 2. What it locks down leaves alone what we need: netlink, /dev/net/tun, loading of kernel modules
 *    by the kernel itself, cgroups, sysctl, and programs of the user's. So no PrivateDevices and
 *    no ProtectClock (both shut /dev/net/tun), no ProtectKernelTunables, no PrivateTmp (the binary
 *    may lie in /tmp), no MemoryDenyWriteExecute (V8 compiles).
 *
 * Whether systemd takes it is proven where systemd runs, in the kernel tests; here its text is.
 */
import { resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Host } from '../../ports.ts';
import { diskFault, removeFile, writeAtomically } from './files.ts';

/** Name of the unit. */
const UNIT = 'cnsmo.service';

/** Where an administrator's units are, by systemd.unit(5). */
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;

/** What the unit starts: the binary, with its two directories. */
export interface UnitPlaces {
  readonly binary: string;
  readonly state: string;
  readonly run: string;
}

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

/** The unit as a text. Fault 'refused' when a path has a character that systemd would read. */
export function renderUnit({ binary, state, run }: UnitPlaces): string {
  const words = [binary, 'daemon', '--state', state, '--run', run].map((word) => checked(word));
  return `# Written by cnsmo start; changes are lost. Add to it with: systemctl edit ${UNIT}
[Unit]
Description=CNSMO: VPN, firewall and load balancing
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${words.join(' ')}
Restart=always
RestartSec=1
KillMode=process
TimeoutStopSec=8
UMask=0077
LimitNOFILE=65536
LimitCORE=0
NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths=-${checked(state)} -${checked(run)}
ProtectKernelLogs=yes
ProtectKernelModules=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
`;
}

/** An absolute path that needs no quoting: no blank, quote, percent or dollar sign. */
function checked(path: string): string {
  if (!path.startsWith('/') && path.includes('/')) return checked(resolve(path));
  if (/^[A-Za-z0-9/._@+:-]+$/.test(path)) return path;
  const why = 'has a character that a systemd unit cannot take as it is';
  const remedy = 'choose a path of letters, digits and / . _ @ + : -';
  throw new Fault('refused', { field: 'path', value: path, why, remedy });
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
