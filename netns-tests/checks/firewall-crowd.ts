/** Edge: firewall crowd — a change on trial in a mesh in which not all are connected. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from '../../scenarios/world.ts';
import { askStatus } from '../outside-api.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld, WorldOptions } from '../world.ts';
import { allTogether, joinAtOnce, namesOf, REACHED } from './crowd.ts';
import { ENFORCED_MS, firewall } from './firewall-words.ts';

/** More than nine: from ten on a member keeps connections with some only. */
const CROWD = 11;
const NAMES = namesOf(CROWD);
const LAST = NAMES.at(-1) ?? '';
/** The last one is in another site, so that it can be cut off. */
export const ELEVEN: WorldOptions = {
  vms: NAMES.map((name) => ({ name, site: name === LAST ? 'west' : 'east' })),
};

const PORT = 8080;
/** From the deadline of a member to its old rules, by the issue. Unit: ms. */
const REVERT_MS = 2_000;
/** Time between two connections of the sweep, and how long each is waited for. Unit: ms. */
const SWEEP_MS = 250;
/** Longest until the sweep has seen a change that all have. Unit: ms. */
const SEEN_MS = 2 * ENFORCED_MS;

/** What becomes of new connections from a VM to many addresses, all the time. */
interface Sweep {
  /** By address: since when it is as it is, ms of a clock that goes on, and how. */
  readonly now: ReadonlyMap<string, { readonly sinceMs: number; readonly isOpen: boolean }>;
  /** By address: how long it was closed last. */
  readonly closedMs: ReadonlyMap<string, number>;
  end(): void;
}

/** Prints `address open|closed ms` at each change, by when the connection was begun. */
const SCRIPT = `const [every, port, ...all] = process.argv.slice(1);
for (const host of all) {
  let last = null;
  setInterval(() => {
    const begun = performance.now();
    const one = require('net').connect(Number(port), host);
    const end = (isOpen) => {
      clearTimeout(timer);
      one.destroy();
      if (last === isOpen) return;
      last = isOpen;
      console.log(host, isOpen ? 'open' : 'closed', begun.toFixed(0));
    };
    const timer = setTimeout(() => end(false), Number(every));
    one.on('error', ({ code }) => { if (code === 'ECONNREFUSED') end(true); });
  }, Number(every));
}`;

function sweepFrom(vm: Vm, addresses: readonly string[]): Sweep {
  const argv = [process.execPath, '-e', SCRIPT, String(SWEEP_MS), String(PORT), ...addresses];
  const [command = '', ...rest] = vm.machine().enterNetwork(argv);
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const now = new Map<string, { sinceMs: number; isOpen: boolean }>();
  const closedMs = new Map<string, number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [address = '', word, at] = line.split(' ');
    const [was, isOpen, sinceMs] = [now.get(address), word === 'open', Number(at)];
    if (was !== undefined && isOpen) closedMs.set(address, sinceMs - was.sinceMs);
    now.set(address, { sinceMs, isOpen });
  });
  void once(child, 'exit').catch(() => undefined);
  return { now, closedMs, end: () => void child.kill('SIGKILL') };
}

const allAre = (sweep: Sweep, addresses: readonly string[], isOpen: boolean): boolean =>
  addresses.every((address) => sweep.now.get(address)?.isOpen === isOpen);

interface Listed {
  readonly name: string;
  readonly applied: number;
  readonly of: number;
  readonly unknown: number;
  readonly behind: readonly { readonly member: string; readonly why: string }[];
}

const listed = async (vm: Vm, rule: string): Promise<Listed | undefined> =>
  (JSON.parse(await firewall(vm, 'list', '-o', 'json')) as readonly Listed[]).find(
    ({ name }) => name === rule,
  );

/**
 * Goal: commit-confirm in a mesh of more members than each keeps connections with. Method: new
 * connections from vm1 to all others, all the time, by real packets. A trial that nobody confirms:
 * each is closed no longer than the trial and 2 s. One that is confirmed lasts on all. One during
 * which a member is cut off: it goes back to the old rules by itself, `list` calls it unknown, and
 * it has the new ones once it is back.
 */
export async function firewallCrowd(world: RealWorld): Promise<void> {
  await joinAtOnce(world, NAMES);
  await allTogether(world, NAMES, REACHED);
  const vm1 = world.vm('vm1');
  const others = await Promise.all(
    NAMES.slice(1).map(async (name) => (await askStatus(world.vm(name))).self.addresses[0] ?? ''),
  );
  const sweep = sweepFrom(vm1, others);
  const become = (what: string, isOpen: boolean, addresses = others): Promise<void> =>
    world.eventually(what, async () => allAre(sweep, addresses, isOpen), SEEN_MS);
  const tryOut = (seconds: number): Promise<string> =>
    firewall(vm1, 'deny', `tcp/${PORT}`, '--name', 'x', '--confirm', `${seconds}s`);
  try {
    await become('all answer', true);
    await endsByItself(world, { sweep, others, tryOut, become });

    await tryOut(15);
    await become('all are closed again', false);
    await firewall(vm1, 'confirm');
    const isLasting = async () => (await listed(vm1, 'x'))?.applied === CROWD;
    await world.eventually('it is in force on all', isLasting, ENFORCED_MS);
    await world.holds('it lasts', async () => allAre(sweep, others, false), 16_000);
    await firewall(vm1, 'delete', 'x');
    await become('all answer again', true);

    await tryOut(20);
    await become('all are closed the third time', false);
    await world.cut('east', 'west');
    await firewall(vm1, 'confirm');
    await fallsBack(world);
    await world.heal();
    await world.eventually('it has what was confirmed', isLasting, 3 * ENFORCED_MS);
    await become('and all are closed', false);
  } finally {
    sweep.end();
  }
}

interface Trying {
  readonly sweep: Sweep;
  readonly others: readonly string[];
  readonly tryOut: (seconds: number) => Promise<string>;
  readonly become: (what: string, isOpen: boolean) => Promise<void>;
}

async function endsByItself(
  world: RealWorld,
  { sweep, others, tryOut, become }: Trying,
): Promise<void> {
  const seconds = 10;
  await tryOut(seconds);
  await become('all are closed', false);
  await become('all are back', true);
  const worstMs = Math.max(...others.map((address) => sweep.closedMs.get(address) ?? 0));
  world.timeline.note(`closed for ${worstMs} ms at most`);
  const limitMs = seconds * 1_000 + REVERT_MS;
  expect(`closed ${worstMs} ms, and not over ${limitMs}`, worstMs <= limitMs);
  const leastMs = Math.min(...others.map((address) => sweep.closedMs.get(address) ?? 0));
  expect(`nobody ended early, but one after ${leastMs} ms`, leastMs > seconds * 1_000 - 1_500);
}

/** Who missed the confirmation has the old rules, and nobody says otherwise. */
async function fallsBack(world: RealWorld): Promise<void> {
  const last = world.vm(LAST);
  const isOld = async (): Promise<boolean> => {
    const [tried, now] = await Promise.all([
      last.must(['nft', 'list', 'map', 'inet', 'cnsmo', 'trial-prerouting']),
      last.run(['nft', 'list', 'map', 'inet', 'cnsmo', 'now/mesh-in/ports']),
    ]);
    return !tried.includes('goto') && !now.stdout.includes(String(PORT));
  };
  await world.eventually(`${LAST} falls back by itself`, isOld, SEEN_MS);
  const isUnknown = async (): Promise<boolean> => {
    const rule = await listed(world.vm('vm1'), 'x');
    const behind = rule?.behind[0];
    const isTold = behind?.member === LAST && behind.why.startsWith('unknown: ');
    if (rule?.applied === CROWD - 1 && rule.unknown === 1 && isTold) return true;
    throw new Error(JSON.stringify(rule));
  };
  await world.eventually('it is not known to have it, and why', isUnknown, ENFORCED_MS);
}
