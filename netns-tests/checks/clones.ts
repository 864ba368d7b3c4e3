/**
 * Edge: clones — two VMs with one key, a disk that is an older copy, a founder without journal or
 * with a damaged one.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { admit, found, SETTLE_MS, talk, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import type { RealWorld } from '../world.ts';
import { journalDamaged } from './journal-damage.ts';

/** Longest until both VMs with one key have noticed, once both reach a member. Issue: 30 s. */
const NOTICE_MS = 30_000;
/**
 * Longest until the tunnels of others lead to who recovered, ms: a handshake, on a full machine.
 * Before WireGuard itself tries anew where no answer comes, after 15 s, or is over, after 180 s.
 */
const TUNNEL_MS = 10_000;

const stateDirectory = (world: RealWorld, vm: string): string => join(world.vm(vm).disk, 'cnsmo');

/** With its modes, as a copied disk has them. */
const copyDirectory = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
};

const alarms = async (world: RealWorld, vm: string): Promise<string> =>
  ((await world.status(vm)) as unknown as { alarms: readonly string[] }).alarms.join('\n');

const isStopped = async (world: RealWorld, vm: string): Promise<boolean> =>
  /another VM uses the key/.test(await alarms(world, vm));

/**
 * Goal: a cloned VM is noticed, writes stop on both, traffic goes on, and one command on the one
 * that stays heals it. Method: vm4 boots with the disk of vm2 while vm2 runs.
 */
export async function cloned(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.operatorAdd('vm1', 'vm2');
  copyDirectory(stateDirectory(world, 'vm2'), stateDirectory(world, 'vm4'));
  await obey(world.vm('vm4'), ['start']);
  for (const vm of ['vm2', 'vm4']) {
    await world.eventually(`${vm} has noticed`, () => isStopped(world, vm), NOTICE_MS);
  }
  for (const vm of ['vm2', 'vm4']) {
    const line = await refusal(`an invite by ${vm}`, world.invite(vm));
    expect(`the refusal says what to do: ${line}`, line.includes('cnsmo recover'));
  }
  await talk(world, ['vm1', 'vm3']);
  const early = await refusal('to recover beside the copy', recoverOn(world, 'vm2'));
  expect(`the refusal names the copy: ${early}`, early.includes('another live VM'));
  await obey(world.vm('vm4'), ['stop']);
  await obey(world.vm('vm4'), ['leave', '--local', '--yes']);
  await recoverOn(world, 'vm2');
  expect('no alarm is left', !(await isStopped(world, 'vm2')));
  for (const vm of ['vm1', 'vm3']) {
    await world.eventually(`${vm} has a tunnel to it`, () => world.ping(vm, 'vm2'), TUNNEL_MS);
  }
  await together(world, ['vm1', 'vm2', 'vm3']);
  await admit(world, 'vm2', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
}

/**
 * Goal: two lines of one author freeze it everywhere before they part, which is told with what
 * helps, and one command ends it. Method: vm4 boots with the disk of vm2 on the other side of a
 * cut; both decide something; after the heal the copy leaves and vm2 recovers.
 */
export async function forked(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.operatorAdd('vm1', 'vm2');
  await together(world, ['vm1', 'vm2', 'vm3']);
  copyDirectory(stateDirectory(world, 'vm2'), stateDirectory(world, 'vm4'));
  await world.cut('east', 'west');
  await obey(world.vm('vm4'), ['start']);
  await world.rename('vm2', 'vm3', 'east-name');
  await world.rename('vm4', 'vm3', 'west-name');
  const isCalled = (vm: string, wish: string) => async (): Promise<boolean> =>
    (await world.members(vm)).some(({ name }) => name === wish);
  await world.eventually('vm1 heard the one', isCalled('vm1', 'east-name'), SETTLE_MS);
  await world.eventually('vm3 heard the other', isCalled('vm3', 'west-name'), SETTLE_MS);

  await world.heal();
  const isTold = (vm: string) => async (): Promise<boolean> =>
    /equivocation: vm2 signed two .*cnsmo recover on vm2/.test(await alarms(world, vm));
  for (const vm of ['vm1', 'vm3']) {
    await world.eventually(`${vm} tells of it`, isTold(vm), NOTICE_MS);
    expect(`${vm} hears neither`, await isCalled(vm, 'vm3')());
  }
  for (const vm of ['vm2', 'vm4']) {
    await world.eventually(`${vm} has stopped`, () => isStopped(world, vm), NOTICE_MS);
  }
  await obey(world.vm('vm4'), ['stop']);
  await obey(world.vm('vm4'), ['leave', '--local', '--yes']);
  await recoverOn(world, 'vm2');
  for (const vm of ['vm1', 'vm3']) {
    const isOver = async (): Promise<boolean> => !(await isTold(vm)());
    await world.eventually(`${vm} has no alarm`, isOver, SETTLE_MS);
    await world.eventually(`${vm} hears vm2`, isCalled(vm, 'east-name'), SETTLE_MS);
  }
  await world.rename('vm2', 'east-name', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);
}

/**
 * Goal: a VM that was restored from a copy never forks: it notices, takes back what it said since,
 * and goes on. Method: vm2 invites and admits after the copy; its disk is put back to the copy.
 */
export async function restored(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await world.operatorAdd('vm1', 'vm2');
  const kept = join(world.directory, 'copy');
  copyDirectory(stateDirectory(world, 'vm2'), kept);
  await admit(world, 'vm2', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);
  await world.crashVm('vm2');
  copyDirectory(kept, stateDirectory(world, 'vm2'));
  await world.boot('vm2');
  await world.eventually('vm2 has noticed', () => isStopped(world, 'vm2'), NOTICE_MS);
  await recoverOn(world, 'vm2');
  await together(world, ['vm1', 'vm2', 'vm3']);
  await admit(world, 'vm2', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
}

/**
 * Goal: a founder whose journal is gone has it back from the others, by itself. Method: remove the
 * file while the VM is off; later it is damaged while the daemon is dead.
 */
export async function journalLost(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.eventually(
    'vm1 remembers whom to ask',
    async () => remembers(world, 'vm1'),
    SETTLE_MS,
  );
  await world.crashVm('vm1');
  rmSync(join(stateDirectory(world, 'vm1'), 'journal'));
  await world.boot('vm1');
  await together(world, ['vm1', 'vm2', 'vm3']);
  await admit(world, 'vm1', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  await journalDamaged(world, 'vm1', ['vm2', 'vm3', 'vm4']);
}

const remembers = async (world: RealWorld, vm: string): Promise<boolean> =>
  (await world.vm(vm).must(['cat', '/var/lib/cnsmo/acquaintances'])).split('\n').length > 2;

const recoverOn = (world: RealWorld, vm: string): Promise<string> =>
  world.timeline.act(`${vm}: recover`, () => obey(world.vm(vm), ['recover']));
