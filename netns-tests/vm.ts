/**
 * Edge: VM — a machine out of namespaces: own network, mounts, processes and host name, a disk that
 * survives it, and no Node.js.
 *
 * 1. A power cut takes the link first: killed with its link up, the kernel would end the VM's TCP
 *    connections in order, and its peers would read the end of file at once (measured).
 * 2. The disk is a directory of the machine outside, mounted at /var/lib; everything else that a
 *    VM writes to (/run, /tmp, /var/log) is memory and gone with it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandOptions, Outcome } from './command.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import type { Network, Place } from './network.ts';
import { daemonsOf } from './processes.ts';

/** One VM. */
export interface Vm {
  readonly name: string;
  /** Where it is; elsewhere after `move`. */
  readonly place: Place;
  /** The disk as the machine outside sees it; the daemon's state is in `cnsmo` there. */
  readonly disk: string;
  isOn(): boolean;
  /** Its init process; rejects when it is off. */
  machine(): Namespace;
  /** Runs a program in it. Rejects when it is off. */
  run(argv: readonly string[], options?: CommandOptions): Promise<Outcome>;
  /** Runs a program in it that must succeed; gives its standard output. */
  must(argv: readonly string[], options?: CommandOptions): Promise<string>;
  /** Switches it on, with its disk and a new link at its old address. */
  start(): Promise<void>;
  /** Nobody is told: the link goes, then the machine. */
  powerCut(): Promise<void>;
  /** The machine ends at once, and its kernel tells its peers. */
  crash(): Promise<void>;
  /** Gives it another address of its site, from its next start on. Throws while it is on. */
  move(): void;
  /** The daemon's pid, as the machine outside sees it. Throws when none runs. */
  daemonPid(): number;
  /** Kills the daemon, and nothing else. Gives its pid; rejects when none runs. */
  killDaemon(): number;
}

/** What all VMs of a world share. */
export interface VmGround {
  readonly network: Network;
  /** Path of the binary under test. */
  readonly binary: string;
  /** Directory in which each VM has its disk. */
  readonly directory: string;
  readonly isKept: boolean;
}

/** How far the number of a VM that moved is from that before. No world has as many VMs. */
const MOVE = 30;

/** A VM, off, with an empty disk. `number` gives it its address. */
export function makeVm(ground: VmGround, name: string, site: string, number: number): Vm {
  const { network } = ground;
  let place = network.place(site, number);
  const disk = join(ground.directory, name);
  mkdirSync(disk, { recursive: true, mode: 0o700 });
  let on: Namespace | null = null;
  let moves = 0;
  const machine = (): Namespace => {
    if (on === null) throw new Error(`${name} is off`);
    return on;
  };
  const end = async (): Promise<void> => {
    const ending = machine();
    on = null;
    await ending.end();
  };
  return {
    name,
    get place() {
      return place;
    },
    disk,
    machine,
    isOn: () => on !== null,
    run: async (argv, options) => await machine().run(argv, options),
    must: async (argv, options) => await machine().must(argv, options),
    start: async () => {
      on = await openNamespace('machine', setup(ground, name, disk), ground.isKept);
      await network.plug(on, name, place);
    },
    powerCut: async () => {
      await network.unplug(name, place);
      await end();
    },
    crash: end,
    move: () => {
      if (on !== null) throw new Error(`${name} is on`);
      moves += 1;
      place = network.place(site, number + moves * MOVE);
    },
    daemonPid: () => daemonPid(machine(), name),
    killDaemon: () => {
      const pid = daemonPid(machine(), name);
      process.kill(pid, 'SIGKILL');
      return pid;
    },
  };
}

/**
 * Mounts what a VM has of its own. Disk and binary come first: they may lie where memory is mounted
 * next. What is masked: a Node and a wireguard-go of the machine, for the binary needs neither.
 */
function setup(ground: VmGround, name: string, disk: string): string {
  return `
hostname ${name}
mount --bind ${quoted(disk)} /var/lib
mount -t tmpfs tmpfs /run
touch /run/binary
mount --bind ${quoted(ground.binary)} /run/binary
for memory in /tmp /dev/shm /var/log /usr/local /root; do mount -t tmpfs tmpfs $memory; done
mkdir -p /usr/local/bin /usr/local/sbin
touch /usr/local/bin/cnsmo
mount --bind /run/binary /usr/local/bin/cnsmo
umount /run/binary
rm /run/binary
for other in wireguard-go node nodejs; do
  test ! -e /usr/bin/$other || mount --bind /dev/null /usr/bin/$other
done
ip link set lo up
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
echo 0 > /proc/sys/net/ipv6/conf/default/router_solicitations`;
}

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

function daemonPid(machine: Namespace, name: string): number {
  const [daemon] = daemonsOf(machine);
  if (daemon === undefined) throw new Error(`${name} runs no daemon`);
  return daemon.pid;
}
