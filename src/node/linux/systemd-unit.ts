/**
 * Edge: systemd unit — the text of the unit that runs the daemon.
 *
 * 1. The unit never ends what must outlive the daemon: `KillMode=process`.
 * 2. It is started again after whatever failed, but for a leave that a person must help.
 * 3. What it locks down leaves alone what we need: netlink, /dev/net/tun, loading of kernel modules
 *    by the kernel itself, cgroups, sysctl, and programs of the user's. So no PrivateDevices and
 *    no ProtectClock (both shut /dev/net/tun), no ProtectKernelTunables, no PrivateTmp (the binary
 *    may lie in /tmp), no MemoryDenyWriteExecute (V8 compiles).
 */
import { resolve } from 'node:path';
import { FAULT_STATUS, Fault } from '../../fault.ts';
import { DAEMON_ENVIRONMENT } from './memory.ts';

/** Name of the unit. */
export const UNIT = 'cnsmo.service';

/** What the unit starts: the binary, with its two directories. */
export interface UnitPlaces {
  readonly binary: string;
  readonly state: string;
  readonly run: string;
}

/** The unit as a text. Fault 'refused' when a path has a character that systemd would read. */
export function renderUnit({ binary, state, run }: UnitPlaces): string {
  const words = [binary, 'daemon', '--state', state, '--run', run].map((word) => checked(word));
  const environment = Object.entries(DAEMON_ENVIRONMENT).map((pair) => pair.join('='));
  return `# Written by cnsmo start; changes are lost. Add to it with: systemctl edit ${UNIT}
[Unit]
Description=CNSMO: VPN, firewall and load balancing
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
Environment=${environment.join(' ')}
ExecStart=${words.join(' ')}
Restart=on-failure
RestartPreventExitStatus=${FAULT_STATUS.unfinished.exit}
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
