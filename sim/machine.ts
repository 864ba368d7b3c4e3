/**
 * Edge: machine — one simulated VM: what outlives its processes, and how they start and end.
 *
 * A command line is a process of its own, as on a real VM: `init` and `join` prepare the state,
 * then the daemon starts on it.
 */

import { Fault } from '../src/fault.ts';
import { isLeaving } from '../src/node/leave.ts';
import type { RunningNode } from '../src/node/node.ts';
import type { ApiAnswer, ApiRequest, Ports } from '../src/ports.ts';
import { openClock } from './clock.ts';
import { openDisk } from './disk.ts';
import type { Edition } from './edition.ts';
import { openHost, type ToolHabits } from './host.ts';
import { type Kernel, wipeKernel } from './kernel.ts';
import { type Life, startLife } from './life.ts';
import { openLog } from './log.ts';
import { type ApiSocket, openNet } from './net.ts';
import { losePower, type Platter } from './platter.ts';
import { type ChildFiles, type Children, openProcess } from './process.ts';
import type { Room } from './room.ts';
import type { Cancel } from './scheduler.ts';
import { openSwarm } from './swarm.ts';

/** What a VM is made of. */
export interface Machine {
  readonly name: string;
  readonly kernel: Kernel;
  readonly platter: Platter;
  readonly socket: ApiSocket;
  readonly children: Children;
  readonly files: ChildFiles;
  /** How far its clock is from the true time, ms. */
  skewMs: number;
  /** The latest moment that its clock ever showed before it was set right, Unix ms; or 0. */
  wallMostMs: number;
  /** How often it was set. */
  clockSets: number;
  /** How often it was given an older copy of a disk. */
  oldDisks: number;
  /** How often `ip` and `wg` fail and hang here. */
  readonly tools: ToolHabits;
  /** Virtual ms. */
  bootedMs: number;
  /** What it runs from its next start on. */
  edition: Edition;
  /** The daemon's life; null while none runs. */
  daemon: Life | null;
  /** The daemon itself, once it serves its API; null while none runs. */
  node: RunningNode | null;
  /** Frames that its daemons ever took: who takes the VM over may have them. */
  readonly archive: Uint8Array[];
  /** Everything that runs, command lines included. */
  readonly lives: Set<Life>;
  /** Processes started so far. */
  started: number;
}

const BUILD = { version: '0.0.0', commit: 'simulated' };
/** Longest time to start a process, and to boot. Unit: ms. */
const START_MS_MAX = 300;
const BOOT_MS = 4_000;
/** Longest wait for an answer of the local API. Unit: ms. */
const CALL_MS = 60_000;

/** A process that ended before it had answered; not a fault of the product. */
export const wasEnded = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('ended: ');

const endedFault = (machine: Machine): Error => new Error(`ended: ${machine.name} went down`);

function start(room: Room, machine: Machine): { life: Life; ports: Ports } {
  machine.started += 1;
  const life = startLife(room.scheduler, `${machine.name}.${machine.started}`);
  machine.lives.add(life);
  life.onEnd(() => machine.lives.delete(life));
  const { scheduler, trace, crypto } = room;
  const { kernel, platter, children, files, tools } = machine;
  const dice = room.dice.fork(life.name);
  const shared = { scheduler, trace, crypto, kernel, children, files, tools, dice };
  const { tunnels } = room;
  const strange = { onUnknown: scheduler.fail, monitors: new Map(), answer: () => null };
  const context = { ...shared, ...strange, tunnels };
  const log = openLog(scheduler, trace, life, {
    tolerated: room.tolerated,
    hostile: room.hall.hostile,
  });
  const ports: Ports = {
    clock: openClock(scheduler, life, machine),
    random: dice.fork('random'),
    crypto,
    disk: openDisk(scheduler, platter, life),
    swarm: openSwarm(room.hall, crypto, kernel.station, life),
    host: openHost(context, life),
    process: openProcess(context, life),
    net: openNet(room.hall, { ...machine, tunnels: room.tunnels }, life),
    log,
    logBook: log,
  };
  return { life, ports: room.bug?.wrap?.(ports, machine) ?? ports };
}

/** Gives what `work` gives, or rejects when the process ends first. */
const outlived = <Result>(machine: Machine, life: Life, work: Promise<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    const fail = (): void => reject(endedFault(machine));
    if (!life.isAlive()) return fail();
    const forget = life.onEnd(fail);
    void work.finally(forget).then(resolve, reject);
  });

/** Runs a command line: a process that does one thing and exits. */
export async function runCommandLine<Result>(
  room: Room,
  machine: Machine,
  work: (ports: Ports) => Promise<Result>,
): Promise<Result> {
  if (!machine.kernel.station.isOn) throw endedFault(machine);
  const { life, ports } = start(room, machine);
  try {
    return await outlived(machine, life, work(ports));
  } finally {
    life.end('exit');
  }
}

/** Starts the daemon on the state that the disk holds; resolves when it serves its API. */
export async function startDaemon(room: Room, machine: Machine): Promise<void> {
  if (machine.daemon !== null) throw new Error(`${machine.name} runs already`);
  const { life, ports } = start(room, machine);
  machine.daemon = life;
  life.onEnd(() => {
    machine.daemon = null;
    machine.node = null;
  });
  await outlived(machine, life, pause(room, life, room.dice.between(20, START_MS_MAX)));
  try {
    const isOver = await outlived(machine, life, serve(machine, ports, life));
    if (isOver) life.end('exit');
  } catch (error) {
    life.end('exit');
    throw error;
  }
}

/** Runs the daemon; true when there was nothing left to serve. */
async function serve(machine: Machine, ports: Ports, life: Life): Promise<boolean> {
  const { finishLeave, startNode } = machine.edition;
  if (await isLeaving(ports.disk)) {
    await finishLeave(ports, BUILD);
    return true;
  }
  let unserve = async (): Promise<void> => undefined;
  const node = await startNode(ports, BUILD, async (api) => {
    unserve = await ports.net.serveApi(api);
  });
  machine.node = node;
  node.replica.onFrames((frames) => {
    machine.archive.push(...frames);
  });
  // As `main.ts`: it says why, and exits; whoever starts it next goes on from there.
  const ended = node.done.catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    ports.log.warn('ended', { why: error.message });
  });
  void ended.then(() => unserve()).then(() => life.end('exit'));
  return false;
}

const pause = (room: Room, life: Life, durationMs: number): Promise<void> =>
  life.promise(({ resolve }) => {
    life.after(durationMs, resolve);
    room.trace.note(room.scheduler.nowMs(), life.name, 'start');
  });

/** Asks the daemon. Rejects when there is none, or when it ends before it answers. */
export async function call(
  room: Room,
  machine: Machine,
  request: Partial<ApiRequest> & Pick<ApiRequest, 'path'>,
): Promise<unknown> {
  const { handler } = machine.socket;
  const life = machine.daemon;
  if (handler === null || life === null) throw new Error(`ended: ${machine.name} has no daemon`);
  const whole: ApiRequest = { method: 'GET', query: {}, body: null, ...request };
  const late = Promise.withResolvers<never>();
  let cancel: Cancel = () => undefined;
  const watch = (): void => {
    cancel = room.scheduler.after(CALL_MS, () => {
      // Who stands still answers when it goes on.
      if (life.isPaused()) watch();
      else late.reject(new Error(`${machine.name} does not answer ${whole.method} ${whole.path}`));
    });
  };
  watch();
  try {
    const answer = new Promise<ApiAnswer>((resolve, reject) => {
      life.run(() => void handler(whole).then(resolve, reject));
    });
    return (await outlived(machine, life, Promise.race([answer, late.promise]))).body;
  } finally {
    cancel();
  }
}

/** Ends the daemon and nothing else. */
export function crashDaemon(machine: Machine): void {
  machine.daemon?.end('crash');
}

/** The VM is gone without a word. */
export function cutPower(machine: Machine): void {
  machine.kernel.station.isOn = false;
  for (const life of [...machine.lives]) life.end('power-cut');
  losePower(machine.platter);
  wipeKernel(machine.kernel);
  machine.children.clear();
  machine.files.clear();
  machine.socket.handler = null;
}

/** Gives the VM power where it has none, then starts the daemon. */
export async function bootMachine(room: Room, machine: Machine): Promise<void> {
  const { station } = machine.kernel;
  if (!station.isOn) {
    station.isOn = true;
    machine.bootedMs = room.scheduler.nowMs();
    const boot = startLife(room.scheduler, `${machine.name}.boot`);
    machine.lives.add(boot);
    boot.onEnd(() => machine.lives.delete(boot));
    await outlived(machine, boot, pause(room, boot, room.dice.between(BOOT_MS / 2, BOOT_MS)));
    boot.end('exit');
  }
  await startDaemon(room, machine);
}
