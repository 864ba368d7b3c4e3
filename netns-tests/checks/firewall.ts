/** Edge: firewall — what operators type is what the kernels of the members let through. */
import { admit, found, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { join, obey } from '../command-line.ts';
import { watchTables } from '../table-watch.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { wordsOfLater } from './firewall-later.ts';
import {
  answers,
  becomes,
  connect,
  ENFORCED_MS,
  firewall,
  isApplied,
  overlayOf,
  pings,
} from './firewall-words.ts';

/** How long a trial lasts that nobody confirms, as it is typed: it has to be seen before. */
const TRIAL = '12s';

/**
 * Goal: rules by label, name and priority, by real packets. Method: one rule on `role=web` before
 * anybody has the label; a member that gets it, and one that joins with it; an exception; deleted.
 * Each silence beside a connection that is answered.
 */
export async function firewallRules(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2, vm3] = ['vm1', 'vm2', 'vm3'].map((name) => world.vm(name)) as [Vm, Vm, Vm];
  const second = await overlayOf(world, 'vm2');
  expect('no rules yet', (await firewall(vm1, 'list')) === 'No rules.\n');
  await becomes(world, [vm1, second, 8080], 'answered');
  const said = await firewall(vm1, 'deny', 'tcp/8080', '--to', 'role=web', '--name', 'no-web');
  expect(`nobody is meant yet: ${said}`, said.includes('--to means no member now'));
  await obey(vm1, ['member', 'label', 'vm2', 'role=web']);
  await becomes(world, [vm1, second, 8080], 'silent');
  expect('another port answers', await answers(vm1, second, 8081));

  await churns(world, vm1, vm3);
  const third = await overlayOf(world, 'vm3');
  await becomes(world, [vm1, third, 8080], 'silent');
  expect('another port of vm3 answers', await answers(vm1, third, 8081));

  const traced = await firewall(vm2, 'trace', 'vm1', 'vm3', 'tcp/8080');
  expect(`the rule is named: ${traced}`, traced.includes('deny by rule no-web.'));
  const tried = await firewall(vm1, 'trace', 'vm3', 'vm2', 'tcp/8080', '--live');
  expect(`silent, tried by vm3: ${tried}`, tried.endsWith('Tried: silent.\n'));
  const isReset = async (): Promise<boolean> =>
    (await firewall(vm1, 'trace', 'vm3', 'vm2', 'tcp/8081', '--live')).includes('Tried: it was r');
  await world.eventually('the twin is reset', isReset, ENFORCED_MS);
  await isApplied(world, 'no-web', 3);

  await firewall(vm1, 'allow', 'tcp/8080', '--from', 'vm1', '--priority', '50', '--name', 'ours');
  await becomes(world, [vm1, second, 8080], 'answered');
  expect('others stay out', (await connect(vm3, second, 8080)) === 'silent');

  const line = await refusal('a rule of a node', firewall(vm2, 'deny', 'tcp/1'));
  expect(`the refusal names the role: ${line}`, line.startsWith('role: node: '));
  const bad = await refusal('port 0', firewall(vm1, 'deny', 'tcp/0'));
  expect(`the refusal names the port: ${bad}`, bad.startsWith('traffic: 0: '));

  await firewall(vm1, 'delete', 'ours', 'no-web');
  await becomes(world, [vm3, second, 8080], 'answered');
  await becomes(world, [vm1, third, 8080], 'answered');
}

const ELEMENT = /^(?:add|delete) element inet cnsmo /;

/**
 * vm3 comes, gets a label that a rule at vm1 means, and loses it: elements come and go there, and
 * nothing else, also where more is forbidden than before.
 */
async function churns(world: RealWorld, vm1: Vm, vm3: Vm): Promise<void> {
  await obey(vm1, ['member', 'label', 'vm2', 'tier=db']);
  await firewall(vm1, 'allow', 'tcp/8090', '--from', 'tier=db', '--on', 'vm1', '--name', 'churn');
  await isApplied(world, 'churn', 1);
  const watch = await watchTables(vm1);
  await join(vm3, (await obey(vm1, ['invite', '--label', 'role=web'])).trim());
  await together(world, ['vm1', 'vm2', 'vm3']);
  const third = await overlayOf(world, 'vm3');
  const isElements = async (change: 'add' | 'delete', of: string): Promise<void> => {
    const told: string[] = [];
    const isTold = async (): Promise<boolean> => {
      told.push(...watch.take());
      return told.some((line) => line.startsWith(`${change} element`) && line.includes(of));
    };
    await world.eventually(`${change} ${of}`, isTold, ENFORCED_MS);
    const others = told.filter((line) => !ELEMENT.test(line));
    expect(`${change} ${of}: elements alone: ${others.join('\n')}`, others.length === 0);
  };
  await isElements('add', third); // Rule no-web forbids what is passed on to it.
  const tuple = `${third} . tcp . 8090`;
  await obey(vm1, ['member', 'label', 'vm3', 'tier=db']);
  await isElements('add', tuple);
  await obey(vm1, ['member', 'label', 'vm3', 'tier-']);
  await isElements('delete', tuple);
  watch.end();
  await firewall(vm1, 'delete', 'churn');
}

/**
 * Goal: the original's demonstration: public pings fail, VPN pings pass, and it can be undone.
 * Method: its policy and a rule against pings; beside each silence what has to stay open: the mesh,
 * and the way of the operator. Then undone.
 */
export async function firewallDenyall(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const outside = vm2.place.public4;
  const second = await overlayOf(world, 'vm2');
  expect('public pings pass', await pings(vm1, outside));
  expect('public ports answer', await answers(vm1, outside, 8080));

  const policy = '{"policy":"denyall"}';
  const drop = {
    ...{ direction: 'in', protocol: 'tcp', dst_port: '9000:9010', dst_src: 'src' },
    ...{ ip_range: '10.0.0.0/8', action: 'drop' },
  };
  const all = JSON.stringify([drop, { policy: 'denyall' }]);
  const line = await refusal('a bad rule', importOf(vm1, all.replace('9010', '99999')));
  expect(`the refusal names field and place: ${line}`, line.startsWith('[0].dst_port: '));
  const said = await importOf(vm1, all);
  expect(`SSH stays: ${said}`, /keeps SSH\s+open/.test(said));
  await becomes(world, [vm1, outside, 8080], 'silent');
  await becomes(world, [vm1, second, 9005], 'silent');
  expect('SSH answers', await answers(vm1, outside, 22));
  expect('pings pass, as the original let them', await pings(vm1, outside));
  expect('the VPN answers', await answers(vm1, second, 8080));

  await firewall(vm1, 'deny', 'icmp/echo-request', '--zone', 'wan', '--name', 'no-ping');
  const isMute = async (): Promise<boolean> => !(await pings(vm1, outside, 1));
  await world.eventually('public pings fail', isMute, ENFORCED_MS);
  expect('VPN pings pass', await pings(vm1, second));
  await together(world, ['vm1', 'vm2']);
  await admit(world, 'vm1', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);

  await firewall(vm1, 'delete', 'no-ping');
  await importOf(vm1, JSON.stringify([drop]), '--undo');
  await importOf(vm1, policy, '--undo');
  await becomes(world, [vm1, outside, 8080], 'answered');
  await becomes(world, [vm1, second, 9005], 'answered');
  expect('public pings pass again', await pings(vm1, outside));
  expect('nothing of it stays', (await firewall(vm1, 'list')) === 'No rules.\n');
}

const importOf = (vm: Vm, text: string, ...flags: readonly string[]): Promise<string> =>
  obey(vm, ['firewall', 'import', '-', ...flags], { input: text });

/**
 * Goal: a change on trial ends by itself, lasts when it is confirmed, also for who missed that, and
 * a VM can be opened by hand. Method: one rule three times, by real packets: let go; confirmed with
 * the daemon of its VM dead; and opened there, with it dead again. A plan before changes nothing.
 */
export async function firewallTrials(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const second = await overlayOf(world, 'vm2');
  const way = [vm1, second, 8080] as const;
  const deny = ['deny', 'tcp/8080', '--on', 'vm2', '--name', 'x'];
  const planned = await firewall(vm1, 'plan', ...deny);
  const expected = 'vm2: 1 to come, 0 to go\n  + mesh in: deny tcp/8080 from any to any (x)\n';
  expect(`the plan: ${planned}`, planned === expected);
  expect('a plan changes nothing', await answers(...way));

  await firewall(vm1, ...deny, '--confirm', TRIAL);
  await becomes(world, way, 'silent');
  await becomes(world, way, 'answered');
  const late = await refusal('a late confirmation', firewall(vm1, 'confirm'));
  expect(`the refusal: ${late}`, late.includes('is over, and its changes are gone'));

  await firewall(vm1, 'deny', 'tcp/8080', '--name', 'x', '--confirm', '30s');
  await becomes(world, way, 'silent');
  vm2.killDaemon();
  await firewall(vm1, 'confirm');
  // The kernel ends it, and who missed the confirmation takes it up once it is back.
  await becomes(world, way, 'answered', 60_000);
  await obey(vm2, ['start']);
  await becomes(world, way, 'silent');
  await isApplied(world, 'x', 2);
  await firewall(vm1, ...deny, '--replace');
  await isApplied(world, 'x', 1);

  vm2.killDaemon();
  await firewall(vm2, 'open', '--for', '60s');
  await becomes(world, way, 'answered');
  await firewall(vm2, 'open', '--close');
  await becomes(world, way, 'silent');
  await obey(vm2, ['start']);
  await wordsOfLater(world, vm1, vm2);
}
