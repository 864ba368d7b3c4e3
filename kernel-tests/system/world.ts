/**
 * Edge: world — a machine with systemd, and a second member out of namespaces, on one network.
 *
 *     vm1 (namespaces, wireguard-go) ── east (router) ── vm2 (qemu, systemd, kernel WireGuard)
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as commandLine from '../../netns-tests/command-line.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import { openWorld } from '../../netns-tests/world.ts';
import { step } from '../../scripts/steps.ts';
import { ensureKernel } from '../debian-kernel.ts';
import { ensureSystem } from './debian-system.ts';
import { makeDisk } from './disk.ts';
import { makeSystem, type System } from './machine.ts';
import { type Pinging, startPing } from './ping.ts';

const CONSOLE = 'build/kernel/system-console.log';
/** The machine's place in the site; the other member has the first. */
const NUMBER = 2;
const CABLE = 'vm2';
const LOOK_MS = 100;

/** What of `cnsmo status -o json` the checks read. */
export interface Status {
  readonly self: {
    readonly id: string;
    readonly ready: boolean;
    readonly engine: string | null;
    readonly addresses: readonly string[];
  };
  readonly members: readonly { readonly name: string; readonly state: string }[];
  readonly reachable: number;
  readonly total: number;
  readonly alarms: readonly string[];
}

/** The two, and what is done with them. */
export interface SystemWorld {
  readonly vm1: Vm;
  readonly vm2: System;
  status(vm: 'vm1' | 'vm2'): Promise<Status>;
  /** vm1 pings vm2 in the VPN, ten times a second, until told to stop. */
  ping(address: string): Pinging;
  /** Tries until it is true; rejects after `limitMs` with `what` and the last error. */
  eventually(what: string, limitMs: number, look: () => Promise<boolean>): Promise<void>;
  end(): Promise<void>;
}

/** Builds it; vm1 is on and empty, vm2 is off. */
export async function openSystemWorld(binary: string): Promise<SystemWorld> {
  const world = await openWorld({ vms: [{ name: 'vm1', site: 'east' }] });
  const kernel = await ensureKernel();
  const system = await ensureSystem(kernel);
  const place = world.network.place('east', NUMBER);
  const router = world.network.routers.get('east');
  if (router === undefined) throw new Error('no site east');
  await router.must(['ip', 'tuntap', 'add', CABLE, 'mode', 'tap']);
  await router.must(['ip', 'link', 'set', CABLE, 'master', 'lan', 'up']);
  const uplink = {
    address: `${place.inside4}/24`,
    gateway: place.inside4.replace(/\d+$/, '1'),
  };
  const files = await step('disk', () => makeDisk(kernel, system, binary, uplink));
  const vm1 = world.vm('vm1');
  const { directory } = world;
  const machine = { ...files, image: kernel.image, mac: place.mac, directory, console: CONSOLE };
  const vm2 = makeSystem({ ...machine, network: router, cable: CABLE });
  return {
    vm1,
    vm2,
    status: async (vm) => {
      const said =
        vm === 'vm1'
          ? await commandLine.obey(vm1, ['status', '-o', 'json'])
          : await vm2.must('cnsmo status -o json');
      return JSON.parse(said) as Status;
    },
    ping: (address) => startPing(vm1, address),
    eventually,
    end: async () => {
      await vm2.cut();
      await world.end();
    },
  };
}

async function eventually(
  what: string,
  limitMs: number,
  look: () => Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  let last = 'it was false';
  while (performance.now() < deadlineMs) {
    try {
      if (await look()) return;
      last = 'it was false';
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(LOOK_MS);
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what} (last: ${last})`);
}
