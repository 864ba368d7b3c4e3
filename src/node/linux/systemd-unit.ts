/**
 * Edge: systemd unit — the text of the unit that runs the daemon.
 *
 * 1. The unit never ends what must outlive the daemon: `KillMode=process`, and one child that runs
 *    out of memory takes nothing else with it.
 * 2. It is started again after whatever failed, but for a leave that a person must help. It waits
 *    3 s each time, for nothing hangs on the daemon and one that cannot start should cost little.
 * 3. It is started where a member is, and nowhere else: a unit that outlived a cut leave rests.
 * 4. It waits for no network. Addresses that come later are seen, and whoever needs the VPN at
 *    boot need not wait for an uplink that may never come.
 * 5. What it locks down leaves alone what we need, and what programs of the user's, which inherit
 *    it, may need. Left open for us: netlink and /dev/net/tun (so no PrivateDevices, no
 *    PrivateNetwork), sysctl (no ProtectKernelTunables), cgroups (no ProtectControlGroups),
 *    compiling (no MemoryDenyWriteExecute: V8 does), the environment of children, by which a lost
 *    one is found (no ProcSubset). For programs: files outside of /etc and /usr (so
 *    ProtectSystem=full and not strict, no ProtectHome; a ReadWritePaths would also be a mount that
 *    keeps the state directory from being removed), /tmp, where the binary may lie as well (no
 *    PrivateTmp), users to run as (no PrivateUsers), chroot. Kernel modules are loaded by the
 *    kernel itself, on demand.
 * 6. A start may take its time. It is over once the host is as it should be, which takes seconds,
 *    and minutes with a twentieth of a core: a daemon that was ended then would have to begin anew.
 * 7. No watchdog: Node cannot send its beat without a process for each (`systemd-notify.ts`).
 */
import { resolve } from 'node:path';
import { FAULT_STATUS, Fault } from '../../fault.ts';
import { DAEMON_ENVIRONMENT } from './memory.ts';

/** Name of the unit. */
export const UNIT = 'cnsmo.service';

/** Name of the unit that loads, before the network is up, what services kept for it. */
export const BOOT_UNIT = 'cnsmo-boot.service';

/** What the unit starts: the binary, with its two directories. */
export interface UnitPlaces {
  readonly binary: string;
  readonly state: string;
  readonly run: string;
}

/** What root can do elsewhere and we and our children never: modules, clock, mounts, raw disks. */
const CAPABILITIES = [
  ...['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH'],
  ...['FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SYS_CHROOT', 'SYS_NICE', 'SYS_PTRACE'],
  'SYS_RESOURCE',
];

const HARDENING = [
  `CapabilityBoundingSet=${CAPABILITIES.map((name) => `CAP_${name}`).join(' ')}`,
  'NoNewPrivileges=yes',
  'ProtectSystem=full',
  'ProtectClock=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'DevicePolicy=closed',
  'DeviceAllow=char-misc rw', // /dev/net/tun, also where its module is loaded only later.
  'DeviceAllow=char-pts rw',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'KeyringMode=private',
  'SystemCallArchitectures=native',
  'SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap',
  'SystemCallErrorNumber=EPERM',
];

/** The unit as a text. Fault 'refused' when a path has a character that systemd would read. */
export function renderUnit(places: UnitPlaces): string {
  const [state, run] = [checked(places.state), checked(places.run)];
  const words = [checked(places.binary), 'daemon', '--state', state, '--run', run];
  const member = ['genesis', 'leaving'].map((file) => `ConditionPathExists=|${state}/${file}`);
  const environment = Object.entries(DAEMON_ENVIRONMENT).map((pair) => pair.join('='));
  return `# Written by cnsmo start; changes are lost. Add to it with: systemctl edit ${UNIT}
[Unit]
Description=CNSMO: VPN, firewall and load balancing
After=network.target
${member.join('\n')}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
Environment=${environment.join(' ')}
ExecStart=${words.join(' ')}
Restart=on-failure
RestartPreventExitStatus=${FAULT_STATUS.unfinished.exit}
RestartSec=3
TimeoutStartSec=300
TimeoutStopSec=8
KillMode=process
OOMPolicy=continue
UMask=0077
LimitNOFILE=65536
LimitCORE=0
${HARDENING.join('\n')}

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The unit of early boot. It needs neither this program nor a network, and a file that nft refuses
 * keeps no other from being loaded. Fault 'refused' as above.
 */
export function renderBootUnit({ state }: Pick<UnitPlaces, 'state'>): string {
  const files = `${checked(state)}/boot-*`;
  // A dollar is doubled for systemd.
  const loop = `for file in ${files}; do nft -j -f "$$file" || status=1; done`;
  const load = `status=0; ${loop}; exit $$status`;
  return `# Written by cnsmo start; changes are lost.
[Unit]
Description=CNSMO: the last firewall, before the network is up
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=local-fs.target
RequiresMountsFor=${checked(state)}
ConditionPathExistsGlob=${files}

[Service]
Type=oneshot
ExecStart=/bin/sh -c '${load}'

[Install]
WantedBy=sysinit.target
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
