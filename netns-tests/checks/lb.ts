/** Edge: lb — what operators type is how the kernels of the members balance. */
import { found, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { processesOf } from '../processes.ts';
import { openAsker, openNamed, type Talker } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS, firewall, overlayOf } from './firewall-words.ts';
import { cutIsFelt, drainIsKeptTo } from './lb-ends.ts';
import { type Asked, addressOf, isAnsweredBy, who } from './lb-words.ts';

/** Two sites, a web server in each, and who asks them. */
const NAMES = ['vm1', 'vm2', 'vm3'];

/**
 * Goal: what operators type is how all balance, behind their firewalls. Method: who answers at its
 * virtual and at its public address, whom rules keep out; a server killed, then a VM; each answer
 * beside what must not be.
 */
export async function lb(world: RealWorld): Promise<void> {
  await found(world, NAMES);
  const [vm1, vm2, vm3] = NAMES.map((name) => world.vm(name)) as [Vm, Vm, Vm];
  for (const name of ['vm2', 'vm3']) await obey(vm1, ['member', 'label', name, 'role=web']);
  await firewall(vm1, 'default', 'in', 'deny', '--zone', 'mesh');
  await obey(vm1, ['firewall', 'import', '-'], { input: '{"policy":"denyall"}' });
  const [server2, server3] = await Promise.all(
    [vm2, vm3].map((vm) => openNamed(vm.machine(), vm.name, [8080], [])),
  );
  const [asker1, asker2] = (await Promise.all([vm1, vm2].map((vm) => openAsker(vm.machine())))) as [
    Talker,
    Talker,
  ];
  try {
    const create = 'create web --listen 80 --to role=web:8080 --on vm1';
    await obey(vm1, ['lb', ...create.split(' ')]);
    const virtual = { by: asker1, at: await addressOf(vm1) };
    await answersInTurn(world, virtual);
    await isAnsweredBy(world, 'vm2', { ...virtual, by: asker2 }, ['vm3']);
    await rulesComeFirst(world, vm1, { by: asker2, at: vm1.place.public4 });
    const direct = await who({ by: asker1, at: await overlayOf(world, 'vm2') }, 1);
    expect(`a port that nobody balances stays shut: ${direct.join()}`, direct[0] === 'drop');

    server2?.end();
    await isAnsweredBy(world, 'vm1, without a server', virtual, ['vm3']);
    const again = await openNamed(vm2.machine(), 'vm2', [8080], []);
    await isAnsweredBy(world, 'vm1, with it again', virtual, ['vm2', 'vm3']);
    await byHaproxy(world, vm1, [virtual, { by: asker2, at: vm1.place.public4 }]);
    await drainIsKeptTo(world, vm1, asker1, virtual.at);
    await cutIsFelt(world, { vm1, vm2, vm3 }, asker1, virtual.at);
    await isAnsweredBy(world, 'vm1, without a VM', virtual, ['vm2']);
    await isAnsweredBy(world, 'the public address', { by: asker2, at: vm1.place.public4 }, ['vm2']);
    again.end();

    await obey(vm1, ['lb', 'delete', 'web']);
    await world.eventually(
      'no balancer stays',
      async () =>
        !(await vm1.run(['nft', 'list', 'table', 'inet', 'cnsmo_lb'])).stdout.includes('b/web'),
      SETTLE_MS,
    );
  } finally {
    for (const talker of [server2, server3, asker1, asker2]) talker?.end();
  }
}

async function answersInTurn(world: RealWorld, virtual: Asked): Promise<void> {
  await isAnsweredBy(world, 'the virtual address', virtual, ['vm2', 'vm3']);
  // A probe that a busy machine answers late takes one out for a while. By chance one in 30,000.
  await world.eventually(
    'they take turns',
    async () => {
      const said = await who(virtual, 16);
      const isInTurn = said.every((name, at) => at === 0 || name !== said[at - 1]);
      return said.length === 16 && isInTurn;
    },
    ENFORCED_MS,
  );
}

/** The public port is shut by the policy until a rule opens it, and again after. */
async function rulesComeFirst(world: RealWorld, vm1: Vm, outer: Asked): Promise<void> {
  expect('the policy shuts the public port', (await who(outer, 1))[0] === 'drop');
  const open = ['allow', 'tcp/80', '--zone', 'wan', '--on', 'vm1', '--name', 'public'];
  await firewall(vm1, ...open);
  await isAnsweredBy(world, 'the public address', outer, ['vm2', 'vm3']);
}

/** HAProxy instead of nft: at both addresses, also without a daemon, and no longer than asked. */
async function byHaproxy(world: RealWorld, vm1: Vm, all: readonly Asked[]): Promise<void> {
  const proxies = (): number =>
    processesOf(vm1.machine()).filter(({ words }) => words[0]?.endsWith('/haproxy')).length;
  expect('no HAProxy runs where nobody wants it', proxies() === 0);
  await obey(vm1, ['lb', 'edit', 'web', '--mode', 'leastconn']);
  await world.eventually('HAProxy runs', async () => proxies() > 0, ENFORCED_MS);
  for (const asked of all) {
    await isAnsweredBy(world, `HAProxy at ${asked.at}`, asked, ['vm2', 'vm3']);
  }
  vm1.killDaemon();
  for (const asked of all) {
    const said = await who(asked, 6);
    const isWhole = said.every((name) => name === 'vm2' || name === 'vm3');
    expect(`without a daemon HAProxy goes on at ${asked.at}: ${said.join()}`, isWhole);
  }
  await obey(vm1, ['start']);
  await obey(vm1, ['lb', 'edit', 'web', '--mode', 'roundrobin']);
  await world.eventually('HAProxy is gone', async () => proxies() === 0, ENFORCED_MS);
  for (const asked of all) {
    await isAnsweredBy(world, `nft again at ${asked.at}`, asked, ['vm2', 'vm3']);
  }
}
