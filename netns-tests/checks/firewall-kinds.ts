/** Edge: firewall kinds — all that a rule can say, by real packets of both families. */
import { found } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { openAsker, openServer, type Verdict } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { firewallCuts } from './firewall-cuts.ts';
import {
  become,
  carries,
  echo,
  type Flow,
  goesOn,
  opens,
  PORT,
  type Stage,
  TWIN,
  tcp,
  udp,
  verdictsOf,
} from './firewall-stage.ts';
import { ENFORCED_MS, firewall, isApplied } from './firewall-words.ts';

/** How long an answer is waited for: who is over a rate asks again in vain. Unit: ms. */
const PATIENT_MS = 3_000;
/** How long the rule lives that ends by itself, as it is typed. */
const LIFE = '2s';

/**
 * Goal: what no other check has seen of rules. Method: vm2 answers at two ports; one kind of rule
 * after the other closes or limits the one, in the VPN and outside of it, and the twins (other
 * port, other protocol, other family) go on.
 */
export async function firewallKinds(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const [mesh4 = '', mesh6 = ''] = (await world.status('vm2')).self.addresses;
  const server = await openServer(vm2.machine(), [PORT, TWIN]);
  const asker = await openAsker(vm1.machine());
  const { public4, public6 } = vm2.place;
  const stage = { world, vm1, asker, mesh: [mesh4, mesh6], wan: [public4, public6] } as const;
  try {
    await flows(stage);
    await firewallCuts(stage);
    await refuses(stage);
    await counts(stage);
    await pings(stage, vm2);
    await ends(stage);
    await tries(stage, vm2);
  } finally {
    for (const talker of [server, asker]) talker.end();
  }
}

/** What is live and forbidden now is cut, of both families and protocols; nothing else is. */
async function flows(stage: Stage): Promise<void> {
  const { asker, vm1, mesh } = stage;
  const ids: Record<string, Flow> = {};
  for (const [family, address] of [
    ['4', mesh[0]],
    ['6', mesh[1]],
  ] as const) {
    for (const [name, port] of [
      ['port', PORT],
      ['twin', TWIN],
    ] as const) {
      ids[`udp${family} ${name}`] = udp(address, port);
      ids[`tcp${family} ${name}`] = tcp(address, port);
    }
  }
  for (const [id, flow] of Object.entries(ids)) await opens(asker, id, flow);
  const living = async (): Promise<string> => {
    const ended: string[] = [];
    for (const id of Object.keys(ids)) if (!(await carries(asker, id))) ended.push(id);
    return ended.join();
  };
  await stage.world.eventually('all carry', async () => (await living()) === '', ENFORCED_MS);
  await firewall(vm1, 'deny', `udp/${PORT}`, '--on', 'vm2', '--name', 'no-udp');
  await become(stage, 'new ones are dropped', [
    [udp(mesh[0], PORT), 'drop'],
    [udp(mesh[1], PORT), 'drop'],
    [udp(mesh[1], TWIN), 'accept'],
    [tcp(mesh[1], PORT), 'accept'],
  ]);
  const afterUdp = await living();
  expect(`UDP is cut, only there: ${afterUdp}`, afterUdp === 'udp4 port,udp6 port');
  await firewall(vm1, 'deny', `tcp/${PORT}`, '--to', `${mesh[1]}/128`, '--name', 'no-six');
  await become(stage, 'IPv6 alone is dropped', [
    [tcp(mesh[1], PORT), 'drop'],
    [tcp(mesh[0], PORT), 'accept'],
  ]);
  const afterSix = await living();
  const expected = 'udp4 port,udp6 port,tcp6 port';
  expect(`IPv6 is cut, only there: ${afterSix}`, afterSix === expected);
  await firewall(vm1, 'delete', 'no-udp', 'no-six');
}

/** A reset for TCP, word by ICMP for all else: both come at once, and are no silence. */
async function refuses(stage: Stage): Promise<void> {
  const { vm1, mesh, wan } = stage;
  const each = (port: number, verdict: Verdict): (readonly [Flow, Verdict])[] =>
    [...mesh, ...wan].flatMap((address) => [
      [tcp(address, port), verdict],
      [udp(address, port), verdict],
    ]);
  for (const zone of ['mesh', 'wan']) {
    for (const protocol of ['tcp', 'udp']) {
      const rule = ['--zone', zone, '--on', 'vm2', '--name', `${protocol}-${zone}`];
      await firewall(vm1, 'reject', `${protocol}/${PORT}`, ...rule);
    }
  }
  await become(stage, 'refused at once', [...each(PORT, 'reject'), ...each(TWIN, 'accept')]);
  await firewall(vm1, 'delete', 'tcp-mesh', 'udp-mesh', 'tcp-wan', 'udp-wan');
  await become(stage, 'open again', each(PORT, 'accept'));
}

/** What is over a rate or a number of connections is dropped; what was let in goes on. */
async function counts(stage: Stage): Promise<void> {
  const { world, vm1, asker, mesh } = stage;
  const limited = ['--on', 'vm2', '--name', 'limited', '--replace'];
  await firewall(vm1, 'allow', `tcp/${PORT}`, '--rate', '1/hour:3', ...limited);
  await isApplied(world, 'limited', 1);
  await opens(asker, 'first', tcp(mesh[0], PORT));
  const many = (port: number): readonly Flow[] =>
    Array.from({ length: 6 }, (_, index) => ({
      ...tcp(index % 2 === 0 ? mesh[0] : mesh[1], port),
      wait: PATIENT_MS,
    }));
  const said = await verdictsOf(asker, [...many(PORT), ...many(TWIN)]);
  const passed = said.map((verdict) => (verdict === 'accept' ? 1 : 0));
  const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
  expect(`three in all, then none: ${said.join()}`, sum(passed.slice(0, 6)) === 2);
  expect(`the twin has no rate: ${said.join()}`, sum(passed.slice(6)) === 6);
  await goesOn(stage, 'first');
  await asker.ask({ do: 'close', id: 'first' });

  await firewall(vm1, 'allow', `tcp/${PORT}`, '--connections', '2', ...limited);
  await isApplied(world, 'limited', 1);
  for (const id of ['one', 'two']) await opens(asker, id, tcp(mesh[0], PORT));
  const third = tcp(mesh[0], PORT);
  await become(stage, 'two of one address at a time', [
    [third, 'drop'],
    [tcp(mesh[1], PORT), 'accept'],
    [tcp(mesh[0], TWIN), 'accept'],
  ]);
  for (const id of ['one', 'two']) await goesOn(stage, id);
  await asker.ask({ do: 'close', id: 'one' });
  await become(stage, 'one went, one may come', [[third, 'accept']]);
  await firewall(vm1, 'delete', 'limited');
}

/** Types of ICMP for IPv6 are told apart, and what IPv6 cannot be without is never forbidden. */
async function pings(stage: Stage, vm2: Vm): Promise<void> {
  const { vm1, mesh, wan } = stage;
  await firewall(vm1, 'deny', 'icmpv6/echo-request', '--on', 'vm2', '--name', 'no-echo');
  await firewall(vm1, 'deny', 'icmpv6', '--zone', 'wan', '--on', 'vm2', '--name', 'no-icmp');
  const wanted: readonly (readonly [Flow, Verdict])[] = [
    [echo(mesh[1]), 'drop'],
    [echo(mesh[0]), 'accept'],
    [echo(wan[1]), 'drop'],
    [echo(wan[0]), 'accept'],
  ];
  await become(stage, 'no echo by IPv6', wanted);
  // Who has forgotten each other has to find each other, by ICMP.
  for (const vm of [vm1, vm2]) await vm.must(['ip', '-6', 'neigh', 'flush', 'dev', 'eth0']);
  await become(stage, 'neighbours find each other', [...wanted, [tcp(wan[1], PORT), 'accept']]);
  const traced = await firewall(vm1, 'trace', 'vm1', 'vm2', 'icmpv6/echo-request', '--live');
  expect(`trace tries it: ${traced}`, /deny by rule no-echo\.\s.*Tried: silent\.\n$/s.test(traced));
  await firewall(vm1, 'delete', 'no-echo', 'no-icmp');
  await become(stage, 'echo by IPv6', [
    [echo(mesh[1]), 'accept'],
    [echo(wan[1]), 'accept'],
  ]);
}

/** A rule that was given an end has it, by itself. It is seen while its end is far. */
async function ends(stage: Stage): Promise<void> {
  const { vm1, mesh } = stage;
  const short = ['deny', `tcp/${PORT}`, '--name', 'short', '--for'];
  await firewall(vm1, 'deny', `tcp/${TWIN}`, '--for', '1h', '--name', 'long');
  await firewall(vm1, ...short, '1h');
  await become(stage, 'both are shut', [
    [tcp(mesh[0], PORT), 'drop'],
    [tcp(mesh[1], TWIN), 'drop'],
  ]);
  await firewall(vm1, ...short, LIFE, '--replace');
  await become(stage, 'one has ended by itself', [
    [tcp(mesh[0], PORT), 'accept'],
    [tcp(mesh[1], PORT), 'accept'],
    [tcp(mesh[1], TWIN), 'drop'],
  ]);
  await firewall(vm1, 'delete', 'short', 'long');
}

/** `trace --live` says what is, also where somebody else's rules make it other than ours say. */
async function tries({ world, vm1 }: Stage, vm2: Vm): Promise<void> {
  const traced = (port: number): Promise<string> =>
    firewall(vm1, 'trace', 'vm1', 'vm2', `tcp/${port}`, '--live');
  const isOpen = async (): Promise<boolean> => (await traced(TWIN)).endsWith('Tried: answered.\n');
  await world.eventually('somebody listens', isOpen, ENFORCED_MS);
  await firewall(vm1, 'reject', `tcp/${PORT}`, '--on', 'vm2', '--name', 'no');
  const isRefused = async (): Promise<boolean> =>
    /: reject by rule no\.\s+Tried: it was reset: nobody listens there,\s+or a reject\.\n$/.test(
      await traced(PORT),
    );
  await world.eventually('a reject is told', isRefused, ENFORCED_MS);
  const foreign = `table inet theirs { chain c { type filter hook input priority 0;
    tcp dport ${TWIN} drop; }; }`;
  await vm2.must(['nft', '-f', '-'], { input: foreign });
  const said = await traced(TWIN);
  expect(`the difference is told: ${said}`, /allow by .*Tried: silent\. That is not/s.test(said));
}
