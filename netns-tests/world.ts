/**
 * Edge: world — scenarios against the built binary, in VMs out of namespaces.
 *
 * 1. Everything it makes (namespaces, processes, directories) goes with it, also when this process
 *    is killed; two worlds, of one run or of two, share nothing.
 * 2. What was done and when is kept as a timeline, for the dump of a failed test.
 */
import { copyFileSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VMS, type World } from '../scenarios/world.ts';
import * as commandLine from './command-line.ts';
import { type Layout, type Network, openNetwork, USUAL_LAYOUT } from './network.ts';
import { askMembers, askStatus } from './outside-api.ts';
import { openTimeline, type Timeline } from './timeline.ts';
import { makeVm, type Vm } from './vm.ts';
import { makeWorldDirectory, setOwner } from './world-directory.ts';

/** The world of namespaces: the vocabulary, and what only it has. */
export interface RealWorld extends World {
  readonly network: Network;
  readonly vms: ReadonlyMap<string, Vm>;
  readonly timeline: Timeline;
  /** Where captures and the like may be put; removed with the world. */
  readonly directory: string;
  vm(name: string): Vm;
  /** The VM ends at once, its daemon with it, and its kernel tells its peers. */
  crashVm(vm: string): Promise<void>;
  /** Switches everything off and removes it. */
  end(): Promise<void>;
}

/** How to make one. */
export interface WorldOptions {
  readonly layout?: Layout;
  /** Names and sites; VMs are numbered, and so addressed, in this order. */
  readonly vms?: readonly {
    readonly name: string;
    readonly site: string;
    /** Not switched on yet. */
    readonly isOff?: boolean;
  }[];
  /** Outlives this process. */
  readonly isKept?: boolean;
}

/** The binary under test: what `npm run build` makes. */
const BINARY = resolve(import.meta.dirname, '../dist/cnsmo');

/** Pause between two looks. Short against what is waited for, long against what a look costs. */
const LOOK_MS = 200;
/** Longest wait for one answer to a ping, s: half the internet is nearer. */
const PING_SECONDS = 1;

/** Makes a world with its VMs on and empty. */
export async function openWorld(options: WorldOptions = {}): Promise<RealWorld> {
  const isKept = options.isKept ?? false;
  const directory = makeWorldDirectory();
  const removeAll = (): void => rmSync(directory, { recursive: true, force: true });
  if (!isKept) process.once('exit', removeAll);
  const network = await openNetwork(options.layout ?? USUAL_LAYOUT, isKept);
  if (isKept) setOwner(directory, network.internet.pid);
  const disks = join(directory, 'disks');
  mkdirSync(disks);
  keepBinary(join(directory, 'cnsmo'));
  const ground = { network, binary: join(directory, 'cnsmo'), directory: disks, isKept };
  const vms = new Map<string, Vm>();
  const wanted: NonNullable<WorldOptions['vms']> = options.vms ?? VMS;
  for (const [index, { name, site }] of wanted.entries()) {
    vms.set(name, makeVm(ground, name, site, index + 1));
  }
  const first = [...vms.values()].filter((_, index) => wanted[index]?.isOff !== true);
  await Promise.all(first.map((vm) => vm.start()));
  const timeline = openTimeline();
  return {
    ...worldOf(network, vms, timeline),
    directory,
    end: async () => {
      process.removeListener('exit', removeAll);
      for (const vm of vms.values()) if (vm.isOn()) await vm.crash();
      await network.end();
      removeAll();
    },
  };
}

/** A world keeps the binary that it began with, whatever is built meanwhile. */
function keepBinary(path: string): void {
  try {
    linkSync(BINARY, path);
  } catch {
    copyFileSync(BINARY, path); // Another file system.
  }
}

function worldOf(
  network: Network,
  vms: ReadonlyMap<string, Vm>,
  timeline: Timeline,
): Omit<RealWorld, 'directory' | 'end'> {
  const vm = (name: string): Vm => {
    const one = vms.get(name);
    if (one === undefined) throw new Error(`no VM ${name}`);
    return one;
  };
  const seen = new Map<string, readonly string[]>();
  const status: World['status'] = async (name) => {
    const report = await askStatus(vm(name));
    seen.set(name, report.self.addresses);
    return report;
  };
  return {
    name: 'netns',
    network,
    vms,
    timeline,
    vm,
    ...memberVerbs(vm, timeline),
    ...powerVerbs(vm, network, timeline),
    ...waits(timeline),
    status,
    members: (name) => askMembers(vm(name)),
    move: async (name) => vm(name).move(),
    pointTo: (name, other) =>
      timeline.act(`${name}: links --at ${other}`, async () => {
        await commandLine.obey(vm(name), ['links', '--at', vm(other).place.public4]);
      }),
    dataPlane: (name) => dataPlaneOf(vm(name)),
    ping: async (from, to, family = 4) => {
      const known = () => seen.get(to)?.find((one) => one.includes(':') === (family === 6));
      // Who has just joined has no address before it has the state.
      if (known() === undefined) await status(to).catch(() => {});
      const address = known();
      if (address === undefined || !vm(from).isOn()) return false;
      return await ping(vm(from), address);
    },
  };
}

/** Of the VPN's interface, and all rules; without counters, which move. */
async function dataPlaneOf(vm: Vm): Promise<string> {
  const peers = await vm.must(['wg', 'show', 'cnsmo0', 'allowed-ips']);
  const rest = [
    ['ip', '-o', 'address', 'show', 'dev', 'cnsmo0'],
    ['ip', 'route', 'show', 'dev', 'cnsmo0'],
    ['ip', '-6', 'route', 'show', 'dev', 'cnsmo0'],
    ['nft', '-s', 'list', 'ruleset'],
  ];
  const said = await Promise.all(rest.map((argv) => vm.must(argv)));
  return [...peers.trimEnd().split('\n').toSorted(), ...said].join('\n');
}

async function ping(from: Vm, address: string): Promise<boolean> {
  const argv = ['ping', '-n', '-c', '1', '-W', String(PING_SECONDS), address];
  return (await from.run(argv)).status === 0;
}

type MemberVerbs =
  | 'init'
  | 'invite'
  | 'join'
  | 'operatorAdd'
  | 'operatorRecover'
  | 'evict'
  | 'stepDown'
  | 'drain'
  | 'rename'
  | 'label'
  | 'events'
  | 'logs'
  | 'leave';

const memberVerbs = (vm: (name: string) => Vm, { act }: Timeline): Pick<World, MemberVerbs> => ({
  init: (name) => act(`${name}: init`, () => commandLine.init(vm(name))),
  invite: (name, options) => act(`${name}: invite`, () => commandLine.invite(vm(name), options)),
  join: (name, token) => act(`${name}: join`, () => commandLine.join(vm(name), token)),
  operatorAdd: (name, member) =>
    act(`${name}: operator add ${member}`, async () => {
      await commandLine.obey(vm(name), ['operator', 'add', member]);
    }),
  operatorRecover: (name, code) =>
    act(`${name}: operator recover`, () => commandLine.operatorRecover(vm(name), code)),
  evict: (name, member) =>
    act(`${name}: evict ${member}`, async () => {
      await commandLine.obey(vm(name), ['evict', member]);
    }),
  stepDown: (name) =>
    act(`${name}: core step-down`, async () => {
      await commandLine.obey(vm(name), ['core', 'step-down']);
    }),
  drain: (name, isDraining) =>
    act(`${name}: ${isDraining ? 'drain' : 'undrain'}`, async () => {
      await commandLine.obey(vm(name), [isDraining ? 'drain' : 'undrain']);
    }),
  rename: (name, member, to) =>
    act(`${name}: member rename ${member} ${to}`, async () => {
      await commandLine.obey(vm(name), ['member', 'rename', member, to]);
    }),
  label: (name, member, changes) =>
    act(`${name}: member label ${member} ${changes.join(' ')}`, async () => {
      await commandLine.obey(vm(name), ['member', 'label', member, ...changes]);
    }),
  events: (name) => commandLine.events(vm(name)),
  logs: (name, member) => commandLine.logs(vm(name), member),
  leave: (name) =>
    act(`${name}: leave`, async () => {
      await commandLine.obey(vm(name), ['leave', '--yes']);
    }),
});

type PowerVerbs = 'powerCut' | 'crash' | 'crashVm' | 'boot' | 'cut' | 'heal';

const powerVerbs = (
  vm: (name: string) => Vm,
  network: Network,
  { act }: Timeline,
): Pick<RealWorld, PowerVerbs> => ({
  powerCut: (name) => act(`${name}: power cut`, () => vm(name).powerCut()),
  crash: (name) => act(`${name}: daemon killed`, async () => void vm(name).killDaemon()),
  crashVm: (name) => act(`${name}: VM killed`, () => vm(name).crash()),
  boot: (name) =>
    act(`${name}: boot`, async () => {
      if (!vm(name).isOn()) await vm(name).start();
      await commandLine.obey(vm(name), ['start']);
    }),
  cut: (siteA, siteB) => act(`cut ${siteA} from ${siteB}`, () => network.cut(siteA, siteB)),
  heal: () => act('heal', () => network.heal()),
});

const waits = ({ act }: Timeline): Pick<World, 'eventually' | 'holds'> => ({
  eventually: (what, predicate, deadlineMs) => act(what, () => poll(what, predicate, deadlineMs)),
  holds: (what, predicate, durationMs) =>
    act(`for ${durationMs / 1000} s: ${what}`, async () => {
      const endMs = performance.now() + durationMs;
      while (performance.now() < endMs) {
        if (!(await predicate())) throw new Error(`not any more: ${what}`);
        await sleep(LOOK_MS);
      }
    }),
});

async function poll(
  what: string,
  predicate: () => Promise<boolean>,
  deadlineMs: number,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  let last = 'it was false';
  while (performance.now() < endMs) {
    try {
      if (await predicate()) return;
      last = 'it was false';
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(LOOK_MS);
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what} (last: ${last})`);
}
