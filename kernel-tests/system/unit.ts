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
