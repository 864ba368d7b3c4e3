/** Edge: unit — what systemd and the kernel say of the daemon in the machine. */
import type { System } from './machine.ts';

const UNIT = 'cnsmo.service';

/** Properties of the unit, as `systemctl show` gives them. */
export async function show(
  vm2: System,
  names: readonly string[],
  unit = UNIT,
): Promise<Readonly<Record<string, string>>> {
  const flags = names.map((name) => `-p ${name}`).join(' ');
  const lines = (await vm2.must(`systemctl show ${flags} ${unit}`)).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

/** What must not change while daemons come and go: the interface, and the engine's process. */
export async function dataPlane(vm2: System): Promise<string> {
  return await vm2.must(
    'ip -o link show dev cnsmo0 | cut -d : -f 1; ' +
      'for file in /run/cnsmo/*.pid; do ' +
      'case $file in */daemon.pid) ;; *) cat $file 2>/dev/null;; esac; done; true',
  );
}

/**
 * All of a host that a member changes, or could: units, what configures systemd, names, network,
 * rules, settings of the kernel's network, and files where daemons keep theirs.
 */
const TRACES = [
  'systemctl list-unit-files --no-legend',
  'systemctl list-units --all --no-legend --plain | grep cnsmo | tr -s " "',
  'find /etc /var/lib /run/systemd/system /usr/local -not -path "*/systemd/timers/*" | sort',
  'cat /etc/hosts /etc/resolv.conf 2>/dev/null',
  'ip -o link | cut -d " " -f 2-9',
  'ip -o address | sed "s/ valid_lft.*//; s/ tentative//"',
  'ip rule; ip -6 rule; ip route show table all; ip -6 route show table all',
  'nft list ruleset',
  'sysctl -a 2>/dev/null | grep "^net" | grep -v nf_conntrack_count | sort',
  'ls /run/cnsmo 2>/dev/null',
  'ps -e -o args 2>/dev/null | grep -E "wireguard-go|cnsmo" | grep -v grep',
];

/** The machine's traces, as a text to compare. */
export const tracesOf = (vm2: System): Promise<string> => vm2.must(`${TRACES.join('\n')}\ntrue`);

/** The lines of the second text that the first has not, and the other way round. */
export function difference(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [oldSet, nowSet] = [new Set(old), new Set(now)];
  return [
    ...now.filter((line) => !oldSet.has(line)).map((line) => `+ ${line}`),
    ...old.filter((line) => !nowSet.has(line)).map((line) => `- ${line}`),
  ];
}
