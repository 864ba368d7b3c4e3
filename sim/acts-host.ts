/**
 * Edge: acts on hosts — tools that fail and hang, foreign hands in the kernel, wrong clocks.
 */
import {
  type Device,
  deleteDevice,
  type Kernel,
  tellMonitors,
  tellTableMonitors,
} from './kernel.ts';
import type { Machine } from './machine.ts';
import { runNft } from './nft-command.ts';
import type { Dice } from './random.ts';
import { type Act, anyMachine, lasting } from './storm.ts';

/** Longest time that tools are bad, and that a clock is wrong. Unit: ms. */
const BAD_MS_MAX = 40_000;
const WRONG_MS_MAX = 60_000;
/** How long a VM is alone: until it takes the others for dead, and acts by that, 25 s pass. */
const ALONE_MS_MIN = 10_000;
const ALONE_MS_MAX = 90_000;
/** Longest time until a clock is set after servers of time are reached again. Unit: ms. */
const SET_MS_MAX = 20_000;
/** How far a clock jumps. Unit: ms. Less and more than what frames may be ahead. */
const JUMPS_MS = [-3_600_000, -60_000, -15_000, 15_000, 60_000, 3_600_000] as const;

/** `ip` and `wg` fail often, and sometimes hang until they are killed. */
export const badTools: Act = async (storm, dice) => {
  const { tools } = anyMachine(storm, dice);
  tools.failing = dice.between(0.1, 0.7);
  tools.hanging = dice.chance(0.5) ? dice.between(0, 0.2) : 0;
  await lasting(storm, dice.between(1_000, BAD_MS_MAX), () => {
    tools.failing = 0;
    tools.hanging = 0;
  });
};

/** Where there is no such table nft refuses, and nothing is done. */
const byHand = (kernel: Kernel, line: string): void =>
  void runNft(kernel, ['-f', '-'], `${line}\n`);

type Edit = (kernel: Kernel, device: Device, dice: Dice) => void;

/** What somebody with root does to the interface by hand. */
const EDITS: Readonly<Record<string, Edit>> = {
  'link gone': (kernel, device) => deleteDevice(kernel, device),
  'link down': (_, device) => {
    device.isUp = false;
  },
  'address gone': (_, device, dice) => {
    const gone = device.addresses.length === 0 ? null : dice.pick(device.addresses);
    device.addresses = device.addresses.filter((address) => address !== gone);
  },
  'address more': (_, device) => {
    device.addresses = [...device.addresses, '10.99.0.1/32'];
  },
  'route gone': (_, device) => {
    device.routes = [];
  },
  'peers gone': (_, device) => device.peers.clear(),
  'endpoint wrong': (_, device) => {
    for (const peer of device.peers.values()) peer.endpoint = { host: '192.0.2.99', port: 9 };
  },
  'tables gone': (kernel) => {
    const gone = [...kernel.tables.keys()];
    kernel.tables.clear();
    tellTableMonitors(kernel, gone);
  },
  'balancer open': (kernel) => byHand(kernel, 'add rule inet cnsmo_lb refuse accept'),
  'balancer more': (kernel) => byHand(kernel, 'add element inet cnsmo_lb virtual4 { 10.99.0.2 }'),
  'balancer turned': (kernel) => byHand(kernel, 'flush chain inet cnsmo_lb nat/output'),
  mtu: (_, device) => {
    device.mtu = 1_300;
  },
};

/** Somebody with root changes the interface by hand. */
export const foreignEdit: Act = async (storm, dice) => {
  const { room } = storm;
  const { name, kernel, children } = anyMachine(storm, dice);
  const device = kernel.devices.get('cnsmo0');
  const edit = dice.pick(Object.keys(EDITS));
  if (device === undefined) return;
  room.trace.note(room.scheduler.nowMs(), name, `foreign edit: ${edit}`);
  EDITS[edit]?.(kernel, device, dice);
  // The engine ends when its interface is deleted.
  if (device.isGone)
    for (const [child, made] of children) if (made === device) children.delete(child);
  tellMonitors(kernel);
};

/** The engine is killed; the kernel's WireGuard has none. */
export const engineKilled: Act = async (storm, dice) => {
  const { kernel, children } = anyMachine(storm, dice);
  for (const [child, device] of children) {
    children.delete(child);
    if (device !== null) deleteDevice(kernel, device);
  }
};

/** A clock is set wrong, and right again after a while. */
export const clockJump: Act = async (storm, dice) => {
  const machine: Machine = anyMachine(storm, dice);
  const jumpMs = dice.pick(JUMPS_MS);
  setClock(machine, jumpMs);
  await lasting(storm, dice.between(1_000, WRONG_MS_MAX), () => setClock(machine, -jumpMs));
};

/**
 * A VM reaches nobody, no server of time either: its clock is wrong for as long as it is alone, and
 * until it is set right some time after. What it decides by that time it decides unopposed.
 */
export const strayed: Act = async (storm, dice) => {
  const { underlay, machines } = storm.room;
  const machine = anyMachine(storm, dice);
  const others = [...machines.keys()].filter((name) => name !== machine.name);
  const ends = others.flatMap((other) => [
    underlay.block(machine.name, other),
    underlay.block(other, machine.name),
  ]);
  const jumpMs = dice.pick(JUMPS_MS);
  setClock(machine, jumpMs);
  const aloneMs = dice.between(ALONE_MS_MIN, ALONE_MS_MAX);
  await Promise.all([
    lasting(storm, aloneMs, () => {
      for (const end of ends) end();
    }),
    lasting(storm, aloneMs + dice.between(0, SET_MS_MAX), () => setClock(machine, -jumpMs)),
  ]);
};

function setClock(machine: Machine, byMs: number): void {
  machine.wallMostMs = Math.max(machine.wallMostMs, machine.kernel.wallMs());
  machine.clockSets += 1;
  machine.skewMs += byMs;
}
