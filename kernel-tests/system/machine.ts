/**
 * Edge: machine — qemu with a disk and a network card, and a way to run scripts inside.
 *
 * 1. Its network is that of a namespace, by one cable; nothing of this machine's own is near it.
 * 2. Scripts run one after another, by an agent that systemd starts in it (`guest/system`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../netns-tests/command.ts';
import type { Namespace } from '../../netns-tests/namespace.ts';
import type { SystemDisk } from './disk.ts';

/** What it is made of, and where. */
export interface SystemPlace extends SystemDisk {
  readonly image: string;
  /** The namespace in which its cable ends, and the name of that end. */
  readonly network: Namespace;
  readonly cable: string;
  readonly mac: string;
  /** For the agent's socket. */
  readonly directory: string;
  /** Where the console's text goes, of one boot. */
  readonly console: string;
}

/** The machine. */
export interface System {
  /**
   * Switches it on, with what its disk holds and its clock at `clock` (default now); resolves when
   * systemd has started the agent.
   */
  boot(clock?: Date): Promise<void>;
  /** It reboots itself; resolves when it is up again. */
  reboot(): Promise<void>;
  /** Runs a script of sh in it. */
  run(script: string): Promise<Outcome>;
  /** Runs a script that must succeed, and gives its standard output. */
  must(script: string): Promise<string>;
  /** When it was switched on or reset, by the clock of `performance.now()`, ms. */
  readonly bornMs: () => number;
  /** Pulls the plug. Harmless when it is off. */
  cut(): Promise<void>;
}

/** Longest wait for a boot, and for a script. Unit: ms. Idle processors boot it in 10 s. */
const BOOT_MS = 120_000;
const SCRIPT_MS = 120_000;
const LOOK_MS = 20;

/**
 * As the smallest VMs: one processor, 1 GB. By software, for a hypervisor may not be there. Its
 * reset is a new process, for after one within qemu the kernel takes a minute to start.
 */
const MACHINE = [
  ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1', '-m', '1024'],
  ...[
    '-display',
    'none',
    '-no-user-config',
    '-nodefaults',
    '-no-reboot',
    '-device',
    'virtio-serial-pci',
  ],
];
const KERNEL_WORDS = 'console=ttyS0 loglevel=4 random.trust_cpu=on rw net.ifnames=0';

const argvOf = (place: SystemPlace, socket: string, clock?: Date): readonly string[] => [
  ...(clock === undefined ? [] : ['-rtc', `base=${clock.toISOString().slice(0, 19)}`]),
  ...['-kernel', place.image, '-initrd', place.initramfs],
  ...['-append', KERNEL_WORDS, '-serial', `file:${place.console}`],
  ...['-drive', `file=${place.disk},format=raw,if=virtio,cache=unsafe`],
  ...['-netdev', `tap,id=cable,ifname=${place.cable},script=no,downscript=no`],
  ...['-device', `virtio-net-pci,netdev=cable,mac=${place.mac},romfile=`],
  ...['-chardev', `socket,id=agent,path=${socket},server=on,wait=off`],
  ...['-device', 'virtserialport,chardev=agent'],
];

function startQemu(place: SystemPlace, flags: readonly string[]): ChildProcess {
  const [command = '', ...argv] = place.network.enterNetwork([
    // The kernel ends it with this process, however that ends.
    ...['setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64', ...MACHINE],
    ...flags,
  ]);
  return spawn(command, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Makes it; it is off. */
export function makeSystem(place: SystemPlace): System {
  let child: ChildProcess | null = null;
  let agent: Agent | null = null;
  let boots = 0;
  const living = (): Agent => {
    if (agent === null) throw new Error('the machine is off');
    return agent;
  };
  const cut = async (): Promise<void> => {
    const ending = child;
    [child, agent] = [null, null];
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGKILL');
    await ended;
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  const run = (script: string): Promise<Outcome> => living().run(script);
  const boot = async (clock?: Date): Promise<void> => {
    boots += 1;
    const socket = join(place.directory, `agent-${boots}.sock`);
    child = startQemu(place, argvOf(place, socket, clock));
    agent = openAgent(await reach(socket, child));
    await agent.up();
  };
  return {
    boot,
    reboot: async () => {
      const ending = child;
      const ended = within<void>(BOOT_MS, 'the machine did not go down', (done) => {
        ending?.once('exit', () => done());
      });
      await run('(sleep 1; systemctl reboot) >/dev/null 2>&1 &'); // Else it may not answer.
      await ended;
      await boot();
    },
    run,
    must: async (script) => {
      const { status, stdout, stderr } = await run(script);
      if (status === 0) return stdout;
      throw new Error(
        `${script.slice(0, 60)} ended with ${status}: ${stdout.trim()} ${stderr.trim()}`,
      );
    },
    bornMs: () => living().bornMs(),
    cut,
  };
}

/** Connects as soon as qemu listens. */
async function reach(path: string, child: ChildProcess): Promise<Socket> {
  const deadlineMs = performance.now() + BOOT_MS;
  while (performance.now() < deadlineMs && child.exitCode === null) {
    const socket = connect(path);
    const isThere = await new Promise<boolean>((settle) => {
      socket.once('connect', () => settle(true));
      socket.once('error', () => settle(false));
    });
    if (isThere) return socket;
    await sleep(LOOK_MS);
  }
  throw new Error(`qemu does not listen; it ended with ${child.exitCode}`);
}

interface Agent {
  /** The next time that it says it is up. */
  up(): Promise<void>;
  run(script: string): Promise<Outcome>;
  bornMs(): number;
}

const decode = (text: string): string => Buffer.from(text, 'base64').toString();

function openAgent(socket: Socket): Agent {
  const waiting = new Map<string, (outcome: Outcome) => void>();
  const risen = new Set<() => void>();
  let bornMs = 0;
  let count = 0;
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined); // The machine is gone; whoever waits sees its deadline.
  lines.on('line', (line) => {
    const up = /up (\d+\.\d+)$/.exec(line);
    if (up !== null) {
      bornMs = performance.now() - Number(up[1]) * 1000;
      for (const rise of risen) rise();
      risen.clear();
      return;
    }
    const [, number = '', status, out, err] = /^(\d+) (\d+) out=(\S*) err=(\S*)$/.exec(line) ?? [];
    waiting.get(number)?.({
      status: Number(status),
      stdout: decode(out ?? ''),
      stderr: decode(err ?? ''),
    });
    waiting.delete(number);
  });
  socket.on('error', () => undefined);
  return {
    bornMs: () => bornMs,
    up: () => within(BOOT_MS, 'the machine did not boot', (done) => void risen.add(() => done())),
    run: (script) =>
      within(SCRIPT_MS, `no answer to: ${script.slice(0, 60)}`, (done) => {
        count += 1;
        waiting.set(String(count), done);
        socket.write(`${count} ${Buffer.from(script).toString('base64')}\n`);
      }),
  };
}

function within<Result>(
  limitMs: number,
  what: string,
  begin: (done: (result: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} (${limitMs / 1000} s)`)), limitMs);
    begin((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}
