/** Edge: firewall trouble — what members do by themselves when their firewall goes wrong. */
import { found, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { events, obey } from '../command-line.ts';
import { withoutGenerations } from '../table-words.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { neighbours } from './firewall-neighbours.ts';
import { torn } from './firewall-torn.ts';
import { becomes, ENFORCED_MS, firewall, overlayOf } from './firewall-words.ts';

/** How soon what was changed by hand is put right. Unit: ms. */
const REPAIR_MS = 10_000;
/** Far below the minute of a trial: it is withdrawn, and does not end. Unit: ms. */
const WITHDRAWN_MS = 50_000;

const isTold = async (vm: Vm, what: RegExp): Promise<boolean> =>
  (await events(vm)).some(({ text, cause }) => what.test(`${text}: ${cause}`));

/**
 * Goal: a member that a trial cuts off takes it back by itself, and says why; what was taken back
 * is not confirmed unseen. Method: one that closes vm2's ways to vm1, in and out of the tunnel; one
 * that would stop the operator's SSH at vm2, with a twin of another port; one that does by a limit.
 */
export async function firewallWithdrawn(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const [outside1, outside2] = [vm1.place.public4, vm2.place.public4];
  const rule = {
    ...{ direction: 'out', protocol: 'tcp', dst_port: '7300', dst_src: 'dst' },
    ...{ ip_range: '0.0.0.0/0', action: 'drop' },
  };
  const said = await obey(vm1, ['firewall', 'import', '-', '--on', 'vm2', '--confirm', '60s'], {
    input: JSON.stringify([rule]),
  });
  expect(`it says how it ends: ${said}`, /On trial as \w{8}: .*\n.*firewall confirm/s.test(said));
  const why = /trial \w{8}: withdrawn: no new connection reaches vm1, where its operator is/;
  await world.eventually('vm2 says why', () => isTold(vm2, why), WITHDRAWN_MS);
  await becomes(world, [vm2, outside1, 7300], 'answered');
  await together(world, ['vm1', 'vm2']);
  await world.eventually('list names it', () => isListed(vm1), ENFORCED_MS);
  const line = await refusal('a confirmation', firewall(vm1, 'confirm'));
  expect(`it names vm2: ${line}`, line.includes('vm2 has withdrawn it: no new connection'));
  await firewall(vm1, 'confirm', '--undo');

  const env = { SSH_CONNECTION: `${outside1} 50000 ${outside1} 22` };
  const trial = ['--zone', 'wan', '--on', 'vm2', '--confirm', '60s'];
  const elsewhere = ['--name', 'x', '--priority', '7'];
  await obey(vm1, ['firewall', 'deny', 'tcp/22', ...trial, ...elsewhere], {
    env: { SSH_CONNECTION: `198.51.100.99 50000 ${outside1} 22` },
  });
  const ssh = /trial \w{8}: withdrawn: rule x would stop its operator: 198.51.100.99 to port 22/;
  await world.eventually('vm2 says why', () => isTold(vm2, ssh), ENFORCED_MS);
  await world.eventually('list names it', () => isListed(vm1), ENFORCED_MS);
  await becomes(world, [vm1, outside2, 22], 'answered');
  await firewall(vm1, 'confirm', '--undo');
  await obey(vm1, ['firewall', 'deny', 'tcp/23', ...trial], { env });
  await becomes(world, [vm1, outside2, 23], 'silent');
  await firewall(vm1, 'confirm', '--undo');
  await becomes(world, [vm1, outside2, 23], 'answered');
  await drained(world, vm1, vm2);
}

/**
 * By the rules SSH is allowed at vm2, but to so few that soon nobody comes: only real connections
 * tell. The twin has the same limit on another port.
 */
async function drained(world: RealWorld, vm1: Vm, vm2: Vm): Promise<void> {
  const outside2 = vm2.place.public4;
  const env = { SSH_CONNECTION: `198.51.100.99 50000 ${vm1.place.public4} 22` };
  const on = ['--zone', 'wan', '--on', 'vm2'];
  const [open, limit] = [
    ['--name', 'open', '--priority', '10'],
    ['--rate', '1/hour:3', '--confirm', '60s'],
  ];
  await obey(vm1, ['firewall', 'allow', 'tcp/22-23', ...on, ...open], { env });
  await obey(vm1, ['firewall', 'deny', 'tcp/22-23', ...on, '--priority', '20'], { env });
  const twin = ['--name', 'twin', '--priority', '5'];
  await obey(vm1, ['firewall', 'allow', 'tcp/23', ...on, ...twin, ...limit], { env });
  await becomes(world, [vm1, outside2, 23], 'silent');
  await firewall(vm1, 'confirm');
  await obey(vm1, ['firewall', 'allow', 'tcp/22-23', ...on, ...open, '--replace', ...limit], {
    env,
  });
  const why = /trial \w{8}: withdrawn: no new connection from outside comes to port 22 here: vm1/;
  await world.eventually('vm2 is called in vain', () => isTold(vm2, why), WITHDRAWN_MS);
  await becomes(world, [vm1, outside2, 22], 'answered');
  await firewall(vm1, 'confirm', '--undo');
}

/** Whether the others know that vm2 has withdrawn the trial: a confirmation asks for that. */
const isListed = async (vm1: Vm): Promise<boolean> =>
  /"member": ?"vm2",[^}]*"why": ?"trial/.test(await firewall(vm1, 'list', '-o', 'json'));

/** What somebody does to the table by hand, and what is told of it. */
const HANDS: readonly (readonly [script: string, told: RegExp])[] = [
  ['nft flush ruleset', /firewall repaired: the table was missing/],
  ['nft add rule inet cnsmo output counter drop', /repaired: cnsmo output was not as it should/],
  [
    `echo '${JSON.stringify({
      nftables: [{ flush: { chain: { family: 'inet', table: 'cnsmo', name: 'now/mesh-in' } } }],
    })}' | nft -j -f -`,
    /repaired: cnsmo now\/mesh-in\S* was not as it should/,
  ],
];

/**
 * Goal: the kernel has what the policy says, whoever changes it and however the daemon dies; other
 * firewalls are named. Method: the table edited by hand, three ways; neighbours that refuse, and
 * then accept; the daemon killed while it applies.
 */
export async function firewallHolds(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const second = await overlayOf(world, 'vm2');
  await firewall(vm1, 'deny', 'tcp/8080', '--on', 'vm2', '--name', 'no');
  await becomes(world, [vm1, second, 8080], 'silent');
  const table = async (): Promise<string> =>
    (await vm2.run(['nft', '-s', 'list', 'table', 'inet', 'cnsmo'])).stdout;
  const whole = rulesIn(await table());
  for (const [script, told] of HANDS) {
    await vm2.must(['sh', '-c', script]);
    await world.eventually(
      `${script}: put right, and told`,
      async () => rulesIn(await table()) === whole && (await isTold(vm2, told)),
      REPAIR_MS,
    );
  }
  await neighbours(world, vm1, vm2);
  await torn(world, 2);
}

/** A listing without what each load has of its own: counts and generations. */
const rulesIn = (listing: string): string =>
  withoutGenerations(listing)
    .replaceAll(/^\tcounter kept\/[^}]*\}$/gm, '')
    .split('\n')
    .filter((line) => line !== '')
    .join('\n');
