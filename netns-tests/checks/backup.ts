/** Edge: backup — what a member knows goes into a file, and comes back on another VM. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { found, isReady, SETTLE_MS, stateOf } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { cnsmo, invite, obey } from '../command-line.ts';
import { type Refusal, refuseAll } from '../refusal.ts';
import type { RealWorld, WorldOptions } from '../world.ts';

const NAMES = ['vm1', 'vm2', 'vm3', 'vm4', 'vm5'];

/** Five VMs in two sites, the second behind NAT. */
export const FIVE: WorldOptions = {
  vms: NAMES.map((name, index) => ({ name, site: index % 2 === 0 ? 'east' : 'west' })),
};

/** Disks are mounted there in each VM; what lies beside the state is in nobody's way. */
const DISK = '/var/lib';
const PHRASE = 'four words or more';

const put = (world: RealWorld, vm: string, name: string, content: string | Uint8Array): void =>
  writeFileSync(join(world.vm(vm).disk, name), content, { mode: 0o600 });

const carry = (world: RealWorld, from: string, to: string, name: string): void =>
  copyFileSync(join(world.vm(from).disk, name), join(world.vm(to).disk, name));

const phrase = ['--passphrase-file', `${DISK}/phrase`];

/** Backs up `vm` to a file of that name on its disk, while its daemon runs. */
async function backUp(world: RealWorld, vm: string, flags: readonly string[]): Promise<string> {
  const name = `${vm}${flags.join('')}.age`;
  put(world, vm, 'phrase', `${PHRASE}\n`);
  await obey(world.vm(vm), ['backup', `${DISK}/${name}`, ...phrase, ...flags]);
  return name;
}

const restore = (world: RealWorld, vm: string, argv: readonly string[]): Promise<string> =>
  world.timeline.act(`${vm}: restore`, () => obey(world.vm(vm), ['restore', ...argv, ...phrase]));

/** Restores that are refused on vm4, which is nobody yet; `name`: a backup of vm2 with its keys. */
function refusals(name: string, without: string): readonly Refusal[] {
  const row = (what: string, file: string, begins: string, names: string): Refusal => ({
    ...{ what, vm: 'vm4', argv: ['restore', `${DISK}/${file}`, ...phrase] },
    ...{ status: 3, begins, names },
  });
  return [
    row('no file', 'none.age', `backup: ${DISK}/none.age: `, 'no such file'),
    row('no backup', 'phrase', `backup: ${DISK}/phrase: is no backup; `, 'cnsmo'),
    row('a cut file', 'cut.age', `backup: ${DISK}/cut.age: is cut or damaged; `, 'copy'),
    row('without keys', without, 'backup: without keys: ', '--fork'),
    row('it lives', name, 'backup: vm2: this member lives: ', '--fork'),
    {
      ...row('wrong passphrase', name, 'backup: passphrase: does not open ', 'another'),
      argv: ['restore', `${DISK}/${name}`, '--passphrase-file', `${DISK}/wrong`],
    },
    {
      ...row(
        'no passphrase',
        name,
        'passphrase: (none): a passphrase is needed',
        'CNSMO_PASSPHRASE',
      ),
      ...{ argv: ['restore', `${DISK}/${name}`], status: 2 },
    },
    {
      ...row('a member already', 'vm1.age', 'state: in use: ', 'cnsmo leave'),
      ...{ vm: 'vm1', argv: ['restore', `${DISK}/vm1.age`, ...phrase] },
    },
    {
      ...row('the file exists', '', `backup: ${DISK}/vm1.age: exists; `, 'remove'),
      ...{ vm: 'vm1', argv: ['backup', `${DISK}/vm1.age`, ...phrase] },
    },
    {
      ...row('nobody here', '', 'state: empty: ', 'cnsmo init'),
      ...{ argv: ['backup', `${DISK}/new.age`, ...phrase] },
    },
  ];
}

/**
 * Goal: a VM that is gone comes back elsewhere as the member it was, with all that the mesh said
 * meanwhile, and can speak; while it lives, while its mesh does and nobody said that it is gone,
 * and with anything wrong, nothing is restored. Method: back up vm2, try what must be refused, lose
 * vm2 for good, let an invite be made, restore on vm4.
 */
export async function restoresMember(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.operatorAdd('vm1', 'vm2');
  const before = await world.status('vm2');
  const name = await backUp(world, 'vm2', ['--keys']);
  const without = await backUp(world, 'vm2', []);
  put(world, 'vm1', 'phrase', `${PHRASE}\n`);
  const backup = () => cnsmo(world.vm('vm1'), ['backup', `${DISK}/vm1.age`, ...phrase]);
  const ends = (await Promise.all([backup(), backup()])).map(({ status }) => status);
  expect(`of two backups at once one has the file, not ${ends}`, ends.toSorted().join() === '0,3');
  for (const file of [name, without, 'phrase']) carry(world, 'vm2', 'vm4', file);
  put(world, 'vm4', 'wrong', 'other words\n');
  put(world, 'vm4', 'cut.age', readFileSync(join(world.vm('vm4').disk, name)).subarray(0, -40));
  await refuseAll(world, 'vm1', refusals(name, without));

  await invite(world.vm('vm2')); // Said after the backup was made.
  await world.powerCut('vm2');
  const isGone = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm2')) === 'dead';
  await world.eventually('vm1 sees vm2 dead', isGone, SETTLE_MS);
  const slip = await cnsmo(world.vm('vm4'), ['restore', `${DISK}/${name}`, ...phrase]);
  const why = /^backup: vm2: its mesh mesh lives: vm[13] answers at .*--rejoin;.*--fork\n$/;
  expect(`its mesh lives: ${slip.stderr}`, slip.status === 3 && why.test(slip.stderr));
  const said = await restore(world, 'vm4', [`${DISK}/${name}`, '--rejoin']);
  expect(`it says who it is: ${said}`, said.startsWith('This VM is vm2 of mesh mesh again, 10.'));
  await world.eventually('vm4 is ready', () => isReady(world, 'vm4'), SETTLE_MS);
  const after = await world.status('vm4');
  expect('it is the same member', after.self.id === before.self.id);
  expect('with its addresses', after.self.addresses.join() === before.self.addresses.join());
  for (const other of ['vm1', 'vm3']) {
    for (const [from, to] of [
      ['vm4', other],
      [other, 'vm4'],
    ] as const) {
      await world.eventually(`${from} reaches ${to}`, () => world.ping(from, to), SETTLE_MS);
    }
  }
  const isBack = async (): Promise<boolean> => (await stateOf(world, 'vm3', 'vm2')) === 'alive';
  await world.eventually('vm3 sees vm2 alive', isBack, SETTLE_MS);
  const invites = JSON.parse(
    await obey(world.vm('vm4'), ['invite', 'list', '-o', 'json']),
  ) as readonly unknown[];
  expect('it knows again what it said after the backup', invites.length === 3);
  const token = await world.invite('vm4');
  await world.join('vm5', token);
  await world.eventually('vm5 is ready', () => isReady(world, 'vm5'), SETTLE_MS);
}

/**
 * Goal: from a backup without keys a new mesh comes, while the old one lives on unaware. Method:
 * restore with --fork on vm5 beside the living mesh; vm4 joins it; the old mesh has its members.
 */
export async function forksMesh(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const name = await backUp(world, 'vm1', []);
  for (const file of [name, 'phrase']) carry(world, 'vm1', 'vm5', file);
  const said = await restore(world, 'vm5', [`${DISK}/${name}`, '--fork']);
  expect(
    'it says what it made',
    said.startsWith('New mesh mesh founded. This VM is vm5, 10.10.0.1'),
  );
  expect('and its recovery code', /Recovery code, shown only now: \S+/.test(said));
  await world.eventually('vm5 is ready', () => isReady(world, 'vm5'), SETTLE_MS);
  await world.join('vm4', await world.invite('vm5'));
  await world.eventually('vm4 reaches vm5', () => world.ping('vm4', 'vm5'), SETTLE_MS);
  const meshes = [await world.status('vm1'), await world.status('vm5')].map(({ mesh }) => mesh.id);
  expect('it is another mesh', meshes[0] !== meshes[1]);
  for (const [vm, others] of [
    ['vm1', 'vm1,vm2'],
    ['vm5', 'vm4,vm5'],
  ] as const) {
    const names = (await world.members(vm)).map((row) => row.name);
    expect(`${vm} knows ${others}`, names.toSorted().join() === others);
  }
  const { status, stderr } = await cnsmo(world.vm('vm3'), ['restore', 'x', '--member', 'y']);
  expect(`--member needs --fork: ${stderr}`, status === 2 && stderr.includes('--fork'));
}
