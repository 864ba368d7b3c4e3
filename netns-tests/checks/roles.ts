/** Edge: roles — who may change the mesh, and what a VM decides for itself. */
import { admit, found, SETTLE_MS, talk, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import type { RealWorld } from '../world.ts';

/** Longest wait until the VPN of a VM follows its owner's word. */
const CONSENT_MS = 30_000;

/**
 * Goal: the operator role can be given and taken, and who joined by the hand of one that lost it
 * stays. Method: vm2 invites vm3 as an operator, loses the role, and is refused as before.
 */
export async function operators(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  await refusal('an invite of a node', world.invite('vm2'));
  await world.operatorAdd('vm1', 'vm2');
  const unspent = await world.invite('vm2');
  await admit(world, 'vm2', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);

  const vm1 = world.vm('vm1');
  await world.rename('vm2', 'vm3', 'db');
  const isRenamed = async (): Promise<boolean> =>
    (await world.members('vm1')).some(({ name }) => name === 'db');
  await world.eventually('vm1 calls vm3 as vm2 does', isRenamed, SETTLE_MS);
  const shown = await obey(vm1, ['operator', 'remove', 'vm2', '--dry-run']);
  expect(`the name stays: ${shown}`, /^ {2}stays {6}trust\/name\//m.test(shown));
  expect(`the invites are revoked: ${shown}`, /^ {2}revoked {4}trust\/invite\//m.test(shown));
  expect('nothing is done yet', (await world.status('vm2')).self.role === 'operator');
  await obey(vm1, ['operator', 'remove', 'vm2', '--yes']);
  const isNode = async (): Promise<boolean> =>
    (await world.members('vm2')).some(({ name, role }) => name === 'vm2' && role === 'node');
  await world.eventually('vm2 is a node again', isNode, SETTLE_MS);
  const line = await refusal('an invite of who was an operator', world.invite('vm2'));
  expect(`the refusal names the role: ${line}`, line.startsWith('role: '));
  const late = await refusal('an invite of who lost the role', world.join('vm4', unspent));
  expect(`the refusal names the token: ${late}`, late.startsWith('token: '));
  expect('what it had decided stays', await isRenamed());
  await world.rename('vm1', 'db', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);
  await admit(world, 'vm1', 'vm4');
  await together(world, ['vm1', 'vm2', 'vm3', 'vm4']);
}

interface Consent {
  readonly services: readonly string[];
  readonly allowRun: boolean;
}

/**
 * Goal: what runs on a VM is for that VM alone to say. Method: vm2 takes back its word for the VPN
 * and gives it again; the others, an operator among them, go on as they were.
 */
export async function consent(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  const ask = async (...flags: readonly string[]): Promise<Consent> =>
    JSON.parse(await obey(world.vm('vm2'), ['consent', '-o', 'json', ...flags])) as Consent;
  const first = await ask();
  expect('the VPN may run, programs may not', first.services.includes('vpn') && !first.allowRun);

  const less = await ask('--services', 'firewall,lb', '--allow-run');
  expect('the new word stands', !less.services.includes('vpn') && less.allowRun);
  const hasLink = async (): Promise<boolean> =>
    (await world.vm('vm2').run(['ip', 'link', 'show', 'cnsmo0'])).status === 0;
  await world.eventually('the interface is gone', async () => !(await hasLink()), CONSENT_MS);
  expect('vm2 does not answer', !(await world.ping('vm1', 'vm2')));
  await talk(world, ['vm1', 'vm3']);

  const again = await ask('--services', 'vpn,firewall,lb', '--no-allow-run');
  expect('the old word stands', again.services.includes('vpn') && !again.allowRun);
  await world.eventually('the interface is back', hasLink, CONSENT_MS);
  await together(world, ['vm1', 'vm2', 'vm3']);
}
