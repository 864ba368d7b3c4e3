/** Edge: lb demonstration — the original's, whole: any one VM may die, and the rest goes on. */
import { found, stateOf } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { openAsker, openNamed, type Talker } from '../talker.ts';
import type { RealWorld } from '../world.ts';
import { firewall, overlayOf, pings } from './firewall-words.ts';
import { addressOf, isAnsweredBy, who } from './lb-words.ts';

/** In each of two data centres a VM that lets clients in, and one that serves the web. */
const FRONTENDS = ['vm1', 'vm4'];
const SERVERS = ['vm2', 'vm3'];
const ALL = [...FRONTENDS, ...SERVERS];
/** Longest until the rest of the mesh sees one whose power was cut, and one that is back. */
const SEEN_MS = 60_000;

interface Stage {
  readonly world: RealWorld;
  readonly virtual: string;
  /** Outside of both data centres. */
  readonly client: Talker;
  /** Programs on the VMs that are on: on a frontend who asks, on a server who answers. */
  readonly programs: Map<string, Talker>;
}

/**
 * Goal: two web VMs in two data centres, VPN, denyall, balancers: answers from both, public pings
 * fail, VPN pings pass, any one VM may die: also the first, which founded it all and has the core
 * role, and one that clients come to. Method: the power of each cut in turn and given back; each
 * answer beside what must not be.
 */
export async function lbDemonstration(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3', 'vm4']);
  const vm1 = world.vm('vm1');
  await obey(vm1, ['operator', 'add', 'vm4']);
  for (const name of FRONTENDS) await obey(vm1, ['member', 'label', name, 'role=edge']);
  for (const name of SERVERS) await obey(vm1, ['member', 'label', name, 'role=web']);
  await obey(vm1, ['firewall', 'import', '-'], { input: '{"policy":"denyall"}' });
  await firewall(vm1, 'deny', 'icmp/echo-request', '--zone', 'wan', '--name', 'no-ping');
  await firewall(vm1, 'allow', 'tcp/80', '--zone', 'wan', '--on', 'role=edge', '--name', 'public');
  const create = 'lb create web --listen 80 --to role=web:8080 --on role=edge';
  await obey(vm1, create.split(' '));
  const programs = new Map<string, Talker>();
  const client = await openAsker(world.network.internet);
  try {
    const stage = { world, virtual: await addressOf(vm1), client, programs };
    for (const name of ALL) await begin(stage, name);
    await holds(stage, null);
    for (const victim of ALL) await dies(stage, victim);
    expect('the last is seen by all', (await stateOf(world, 'vm1', 'vm4')) === 'alive');
  } finally {
    for (const talker of [client, ...programs.values()]) talker.end();
  }
}

async function begin({ world, programs }: Stage, name: string): Promise<void> {
  const at = world.vm(name).machine();
  programs.set(
    name,
    SERVERS.includes(name) ? await openNamed(at, name, [8_080], []) : await openAsker(at),
  );
}

/** Its power is cut, the rest goes on, an operator of the rest is obeyed; and it comes back. */
async function dies(stage: Stage, victim: string): Promise<void> {
  const { world, programs } = stage;
  programs.get(victim)?.end();
  programs.delete(victim);
  await world.powerCut(victim);
  await holds(stage, victim);
  const operator = world.vm(victim === 'vm1' ? 'vm4' : 'vm1');
  await obey(operator, ['lb', 'edit', 'web', '--comment', `without ${victim}`]);
  await world.boot(victim);
  await begin(stage, victim);
  await holds(stage, null);
}

/** What all see, with one of them dead or none. */
async function holds({ world, virtual, client, programs }: Stage, dead: string | null) {
  const isOn = (name: string): boolean => name !== dead;
  const servers = SERVERS.filter(isOn);
  const without = dead === null ? '' : `, without ${dead}`;
  for (const name of FRONTENDS.filter(isOn)) {
    const by = programs.get(name);
    if (by === undefined) throw new Error(`nobody asks on ${name}`);
    await isAnsweredBy(
      world,
      `${name}${without}`,
      { by, at: virtual, deadlineMs: SEEN_MS },
      servers,
    );
    const at = world.vm(name).place.public4;
    await isAnsweredBy(world, `the public address of ${name}`, { by: client, at }, servers);
    expect(`${at} is not pinged from outside`, !(await isPinged(world, at)));
  }
  const [one = '', other = ''] = ALL.filter(isOn);
  expect('VPN pings pass', await pings(world.vm(one), await overlayOf(world, other)));
  const shut = { by: client, at: world.vm(servers[0] ?? '').place.public4 };
  expect('its own web server nobody reaches', (await who(shut, 1, { port: 8_080 }))[0] === 'drop');
  if (dead === null) return;
  const isDead = async (): Promise<boolean> => (await stateOf(world, one, dead)) === 'dead';
  await world.eventually(`${one} sees ${dead} dead`, isDead, SEEN_MS);
  expect(`${dead} answers nobody`, !(await world.ping(one, dead)));
}

/** Whether an echo comes back from a public address: one that must not is not waited for. */
const isPinged = async ({ network }: RealWorld, address: string): Promise<boolean> =>
  (await network.internet.run(['ping', '-n', '-c', '1', '-W', '1', address])).status === 0;
