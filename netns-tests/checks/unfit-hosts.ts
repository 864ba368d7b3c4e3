/** Edge: unfit hosts — VMs that cannot be members are told why, before anything is changed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join as pathOf } from 'node:path';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { cnsmo, join, obey } from '../command-line.ts';
import { type Refusal, refuse, refuseAll } from '../refusal.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';

/** Hides a program under all its names, and shows it again. */
const hidden = (program: string): Pick<Refusal, 'spoil' | 'mend'> => ({
  spoil: `for path in $(which -a ${program} | xargs -n 1 readlink -f | sort -u); do
    mount --bind /dev/null $path; done`,
  mend: `grep -oE ' /[^ ]*/${program} ' /proc/mounts | xargs umount`,
});

/** Nobody, as every system has it. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** What `init` and `join` say on vm3, which lacks something. */
const both = (row: Omit<Refusal, 'vm' | 'argv' | 'status'>, token: string): readonly Refusal[] =>
  ['init', 'join'].map((command) => ({
    ...row,
    what: `${command}: ${row.what}`,
    vm: 'vm3',
    argv: command === 'init' ? [command] : [command, '-'],
    input: `${token}\n`,
    status: 3,
  }));

/**
 * Goal: a host without root, /dev/net/tun, ip or wg is refused with what to do about it. Method:
 * take each away inside a VM, by mounts and by another user; then give it back and join.
 */
export async function unfitHosts(world: RealWorld): Promise<void> {
  await found(world, ['vm1']);
  const token = await world.invite('vm1');
  const tun = { spoil: 'mount -t tmpfs tmpfs /dev/net', mend: 'umount /dev/net' };
  await refuseAll(world, 'vm1', [
    ...both({ what: 'no root', begins: 'user: not root: ', names: 'sudo', by: NOBODY }, token),
    ...both({ what: 'no tun', begins: 'host: /dev/net/tun: ', names: 'module tun', ...tun }, token),
    ...both({ what: 'no ip', begins: 'tool: ip: ', names: 'iproute2', ...hidden('ip') }, token),
    ...both(
      { what: 'no wg', begins: 'tool: wg: ', names: 'wireguard-tools', ...hidden('wg') },
      token,
    ),
    {
      ...{ what: 'asking the daemon without root', vm: 'vm1', argv: ['status'], by: NOBODY },
      ...{ status: 3, begins: 'daemon: ', names: 'root' },
    },
  ]);
  await world.join('vm3', token);
  await together(world, ['vm1', 'vm3']);
}

/**
 * Goal: a port that something else has is refused. Method: hold port 7300 of vm3 by TCP, then by
 * UDP; with both let go, and with another port, the VM joins.
 */
export async function portInUse(world: RealWorld): Promise<void> {
  await found(world, ['vm1']);
  const token = await world.invite('vm1');
  for (const protocol of ['tcp', 'udp'] as const) {
    const release = await holdPort(world.vm('vm3'), protocol);
    await refuseAll(
      world,
      'vm1',
      both({ what: `${protocol} port in use`, begins: 'port: 7300: in use' }, token),
    );
    if (protocol === 'udp') await join(world.vm('vm3'), token, ['--port', '7301']);
    await release();
  }
  await together(world, ['vm1', 'vm3']);
}

/** Listens on port 7300 of a VM's network, from outside; gives what ends it. */
async function holdPort(vm: Vm, protocol: 'tcp' | 'udp'): Promise<() => Promise<void>> {
  const listen =
    protocol === 'tcp'
      ? "require('net').createServer().listen(7300, done)"
      : "require('dgram').createSocket('udp4').bind(7300, done)";
  const script = `const done = () => console.log('held'); ${listen}; process.stdin.resume()
    .on('end', () => process.exit())`;
  const [command = '', ...argv] = vm.machine().enterNetwork([process.execPath, '-e', script]);
  const holder = spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return async () => {
    const ended = once(holder, 'exit');
    holder.stdin.end();
    await ended;
  };
}

/**
 * Goal: a state directory that others could read or change is not used, and said to be so; mended,
 * it is. Method: loosen the directory and each file in turn, of a member whose daemon is stopped,
 * and of a directory that waits for a member.
 */
export async function looseModes(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const vm2 = world.vm('vm2');
  const state = pathOf(vm2.disk, 'cnsmo');
  await obey(vm2, ['stop']);
  const loosened: readonly (readonly [string, number, number])[] = [
    ['.', 0o750, 0o700],
    ['member-key', 0o640, 0o600],
    ['journal', 0o602, 0o600],
    ['config', 0o644, 0o600],
  ];
  for (const [name, loose, tight] of loosened) {
    chmodSync(pathOf(state, name), loose);
    for (const command of ['daemon', 'start']) {
      await refuse(world, 'vm1', {
        ...{ what: `${command} with a loose ${name}`, vm: 'vm2', argv: [command] },
        ...{ status: 3, begins: 'state: /var/lib/cnsmo', names: `chmod 0${tight.toString(8)}` },
      });
    }
    chmodSync(pathOf(state, name), tight);
  }
  await obey(vm2, ['start']);
  await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), SETTLE_MS);
  await together(world, ['vm1', 'vm2']);

  await world.vm('vm3').must(['mkdir', '-m', '0755', '/var/lib/cnsmo']);
  await refuse(world, 'vm1', {
    ...{ what: 'init in a loose directory', vm: 'vm3', argv: ['init'] },
    ...{ status: 3, begins: 'state: /var/lib/cnsmo (0755): ', names: 'chmod 0700' },
  });
  await world.vm('vm3').must(['chmod', '0700', '/var/lib/cnsmo']);
  expect('mended, it will do', (await cnsmo(world.vm('vm3'), ['init'])).status === 0);
}
