/** Edge: refusals — bad input is refused in one line, and changes nothing here or in the mesh. */
import { setTimeout as sleep } from 'node:timers/promises';
import { admit, found, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { cnsmo, obey } from '../command-line.ts';
import { newestInvite, type Refusal, refuse, refuseAll } from '../refusal.ts';
import type { RealWorld } from '../world.ts';
import { REFUSALS } from './refusals.table.ts';

/**
 * Goal: mistyped values and commands are refused as documented. Method: type all of the table, with
 * disk, network and members compared before and after; one of them as a program asks.
 */
export async function refusedInput(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await refuseAll(world, 'vm1', REFUSALS);
  const asked = await cnsmo(world.vm('vm3'), ['init', '--port', 'ssh', '-o', 'json']);
  const { error } = JSON.parse(asked.stderr) as { error: Readonly<Record<string, string>> };
  const isWhole = error.field === 'port' && error.value === 'ssh' && error.why && error.remedy;
  expect(`an object with all four: ${asked.stderr}`, Boolean(isWhole));
  await together(world, ['vm1', 'vm2']);
}

/** A join on vm3 that the mesh or the command itself refuses because of its token. */
const byToken = (what: string, token: string, names: string): Refusal => ({
  what,
  vm: 'vm3',
  argv: ['join', '-'],
  input: `${token}\n`,
  status: 3,
  begins: 'token: (hidden): ',
  names,
});

/** Lifetime of the token that expires, s: a join within it would work. */
const TTL_SECONDS = 2;

/**
 * Goal: a token that must not open the mesh does not, and says why; the good one then does. Method:
 * spoil it in every way that a person or time can.
 */
export async function refusedTokens(world: RealWorld): Promise<void> {
  await found(world, ['vm1']);
  const [expired, spent] = [
    await world.invite('vm1', { ttlSeconds: TTL_SECONDS }),
    await world.invite('vm1'),
  ];
  await world.join('vm2', spent);
  const revoked = await world.invite('vm1');
  await obey(world.vm('vm1'), ['invite', 'revoke', await newestInvite(world, 'vm1')]);
  const good = await world.invite('vm1');
  await together(world, ['vm1', 'vm2']);
  await sleep(TTL_SECONDS * 1_000);
  const other = good.at(20) === 'A' ? 'B' : 'A';
  await refuseAll(world, 'vm1', [
    byToken('no token', '', ''),
    byToken('a word', 'token', ''),
    byToken('a token that was cut', good.slice(0, -5), ''),
    byToken('a token mistyped', `${good.slice(0, 20)}${other}${good.slice(21)}`, ''),
    byToken('an expired token', expired, 'expired'),
    byToken('a used-up token', spent, 'used up'),
    byToken('a revoked token', revoked, 'revoked'),
    {
      ...byToken('a name that is taken', good, 'another member'),
      argv: ['join', '-', '--member', 'vm1'],
      begins: 'member: vm1: ',
    },
  ]);
  await world.join('vm2', good); // A member of this mesh already: done before, and spends nothing.
  await world.join('vm3', good);
  await together(world, ['vm1', 'vm2', 'vm3']);
}

/**
 * Goal: a token opens no other mesh than its own. Method: the VM that a token names leaves and
 * founds another mesh at the same address; and a member of one mesh is given a token of another.
 */
export async function foreignToken(world: RealWorld): Promise<void> {
  await found(world, ['vm1']);
  const foreign = await world.invite('vm1');
  await world.leave('vm1');
  await world.init('vm1');
  await world.init('vm4');
  // What is written of it is on its disk before anything is refused.
  const isKept = async () =>
    (await world.vm('vm4').must(['cnsmo', 'events', '-o', 'json'])).includes('"kind":"core"');
  await world.eventually('the event of the core role is kept', isKept, SETTLE_MS);
  await refuse(world, 'vm1', {
    ...byToken('a token whose VM is in another mesh', foreign, ''),
    status: 5,
    begins: 'token: 198.51.100.11:7300: ',
  });
  await refuse(world, 'vm1', {
    ...byToken('a member of another mesh', await world.invite('vm1'), 'leave'),
    vm: 'vm4',
    begins: 'state: ',
  });
  await admit(world, 'vm1', 'vm3');
  await together(world, ['vm1', 'vm3']);
}
