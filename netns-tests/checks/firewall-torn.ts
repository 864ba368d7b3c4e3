/** Edge: firewall torn — killed while it applies, a VM has the old rules or the new. */
import { setTimeout as sleep } from 'node:timers/promises';
import { found, isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { processesOf } from '../processes.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { firewall } from './firewall-words.ts';

/** So many rules from a group of so many hosts: 3,000 elements, changed by one word. */
const RULES = Array.from({ length: 12 }, (_, index) => ({
  name: `many-${index}`,
  traffic: `tcp/${2_001 + index}`,
}));
const HOSTS = 250;
/** Longest after the tool was begun that it is killed. Unit: ms. It takes some 100. */
const TORN_MS = 120;
/** Longest until a member has begun to apply what was asked. Unit: ms. */
const BEGUN_MS = 20_000;

/** The hosts of a turn. */
const hostsOf = (turn: number): readonly string[] =>
  Array.from({ length: HOSTS }, (_, index) => `192.0.${turn}.${index + 1}/32`);

const setGroup = (vm: Vm, turn: number): Promise<string> =>
  firewall(vm, 'group', 'set', 'many', ...hostsOf(turn));

/** Goal and method as below, with as many tries as a long run has. */
export async function firewallTorn(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await torn(world, 30);
}

/**
 * Goal: `kill -9` in mid-apply leaves all of the old rules or all of the new. Method: the hosts of
 * a group are exchanged, which changes 3,000 elements at vm2; as soon as its daemon runs nft, that
 * and the daemon are killed after a time by chance; what the kernel has is counted by turn. Then
 * the daemon starts, and has the new.
 */
export async function torn(world: RealWorld, tries: number): Promise<void> {
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  await setGroup(vm1, 0);
  for (const { name, traffic } of RULES) {
    const rule = ['deny', traffic, '--from', 'group:many', '--on', 'vm2', '--name', name];
    await firewall(vm1, ...rule);
  }
  const has = (turn: number): Promise<void> =>
    world.eventually(`vm2 has turn ${turn}`, async () => (await turnIn(vm2)) === turn, SETTLE_MS);
  await has(0);
  let now = 0;
  const ends = { old: 0, new: 0 };
  for (let turn = 1; turn <= tries; turn += 1) {
    const change = setGroup(vm1, turn);
    change.catch(() => undefined); // Awaited below.
    const afterMs = Math.random() * TORN_MS;
    await tear(vm2, afterMs);
    await change;
    const left = await turnIn(vm2);
    const said = `killed after ${Math.round(afterMs)} ms it has turn ${left}`;
    world.timeline.note(said);
    expect(`turn ${now} or ${turn}: ${said}`, left === now || left === turn);
    ends[left === turn ? 'new' : 'old'] += 1;
    await obey(vm2, ['start']);
    await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), SETTLE_MS);
    await has(turn);
    now = turn;
  }
  world.timeline.note(`${ends.old} times the old rules, ${ends.new} times the new`);
  await firewall(vm1, 'delete', ...RULES.map(({ name }) => name));
  await firewall(vm1, 'group', 'delete', 'many');
}

/** Kills a VM's daemon and its tool so long after that was begun. */
async function tear(vm: Vm, afterMs: number): Promise<void> {
  const loading = (): readonly { readonly pid: number }[] =>
    processesOf(vm.machine()).filter(
      ({ words }) => /\bnft$/.test(words[0] ?? '') && words.includes('-f'),
    );
  const untilMs = performance.now() + BEGUN_MS;
  while (loading().length === 0 && performance.now() < untilMs) await sleep(5);
  await sleep(afterMs);
  const tools = loading();
  vm.killDaemon();
  for (const { pid } of tools) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has done its work.
    }
  }
}

/** The turn whose elements the kernel has: all of them, and no other. Rejects for anything else. */
async function turnIn(vm: Vm): Promise<number> {
  const listing = await vm.must(['nft', 'list', 'table', 'inet', 'cnsmo']);
  const found = [...listing.matchAll(/\b192\.0\.(\d+)\.\d+\b/g)].map(([, turn]) => Number(turn));
  const turns = new Set(found);
  const [turn = -1] = turns;
  if (turns.size === 1 && found.length === HOSTS * RULES.length) return turn;
  throw new Error(`${found.length} elements, of turns ${[...turns].join(' ') || 'none'}`);
}
