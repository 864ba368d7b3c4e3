/** Edge: firewall later — what a later version says is set aside, object by object. */
import { isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { sayAs } from '../engine-successor.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { answers, becomes, firewall, isApplied, overlayOf } from './firewall-words.ts';

/** A rule of our time, and what a later one may add to it. */
const RULE = {
  ...{ action: 'deny', direction: 'in', zone: 'mesh', protocol: 'tcp', priority: 100 },
  ...{ ports: [[8_082, 8_082]], enabled: true },
} as const;
const LATER = {
  'rule/x': { ...RULE, ports: [[8_081, 8_081]], except: 'sundays' },
  'rule/fresh': { ...RULE, action: 'ponder' },
  'group/offices': { members: [{ kind: 'planet', name: 'mars' }] },
  'test/works': { from: 'everywhere', expect: 'maybe' },
  'default/mesh-in': { action: 'deny', unless: 'asked' },
  'quota/web': { connections: 7 },
} as const;

/**
 * Goal: what this version cannot read sets aside that object and no other, on every member, and is
 * named. Method: vm2, an operator, says things of a later version, in its own chain: over rule `x`,
 * which keeps 8080 of vm2 shut, and anew. The old word holds, by packets; new rules come; and what
 * was not read can be written anew.
 */
export async function wordsOfLater(world: RealWorld, vm1: Vm, vm2: Vm): Promise<void> {
  await together(world, ['vm1', 'vm2']);
  await world.operatorAdd('vm1', 'vm2');
  const second = await overlayOf(world, 'vm2');
  await obey(vm2, ['stop']);
  const edits = Object.entries(LATER).map(([name, value]) => ({
    ...{ path: `intent/firewall/${name}`, value },
  }));
  await world.timeline.act('vm2 says what a later version says', () => sayAs(vm2, edits));
  await obey(vm2, ['start']);
  for (const vm of [vm1, vm2]) {
    await world.eventually(`${vm.name} names all`, () => isNamed(vm), SETTLE_MS);
    await world.eventually(`${vm.name} is ready`, () => isReady(world, vm.name), SETTLE_MS);
  }
  await becomes(world, [vm1, second, 8080], 'silent');
  for (const port of [8_081, 8_082]) expect(`${port}`, await answers(vm1, second, port));
  await firewall(vm1, 'deny', 'tcp/8083', '--on', 'vm2', '--name', 'ours');
  await becomes(world, [vm1, second, 8083], 'silent');
  await isApplied(world, 'ours', 1);
  await isApplied(world, 'x', 1);
  await firewall(vm1, 'deny', 'tcp/8081', '--on', 'vm2', '--name', 'x', '--replace');
  await becomes(world, [vm1, second, 8080], 'answered');
  await becomes(world, [vm1, second, 8081], 'silent');
}

/** Whether a VM says of each of them that it was set aside, and what holds instead. */
async function isNamed(vm: Vm): Promise<boolean> {
  const said = (await obey(vm, ['status'])).replaceAll(/\s+/g, ' ');
  const odd = Object.keys(LATER).filter((name) => {
    const so = name === 'rule/x' ? 'what stood there before holds' : 'it counts for nothing here';
    return !new RegExp(`intent/firewall/${name}: [^;]*; ${so}; run the same version`).test(said);
  });
  if (odd.length > 0) throw new Error(`${odd.join()} not in ${said}`);
  return true;
}
