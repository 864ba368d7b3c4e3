/** Edge: lb verbs — the balancer's verbs as they are typed, good and bad, by real connections. */
import { found } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { openAsker, openNamed, openServer, type Talker } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS } from './firewall-words.ts';
import { isAnsweredBy } from './lb-words.ts';

/** What the original took; its `lb.node` was the name of the backends. */
const PARAMETERS = '{"lb.port":"8080","lb.mode":"roundrobin","lb.node":"web"}';
const IMPORTED = 'import-8080';

/** At which something listens that takes connections and says nothing. */
const MUTE = 8_082;
/** Checks that never come to an end, or cannot begin; and what is said of their backends. */
const HANGING = [
  ['mute', MUTE, 'http:/', 'does not answer'],
  ['sleeps', 8_080, 'exec:/usr/bin/sleep 600', 'does not answer'],
  ['prints', 8_080, 'exec:/usr/bin/nice -n 19 /usr/bin/yes', 'does not answer'],
  ['strange', 8_080, 'exec:/etc/passwd/x', 'its check cannot be run'],
] as const;

interface Shown {
  readonly backends: readonly { readonly state: string; readonly why: string | null }[];
}

interface Listed {
  readonly name: string;
  readonly addresses: readonly [string, string];
}

const lb = (vm: Vm, line: string, input = ''): Promise<string> =>
  obey(vm, ['lb', ...line.split(' ')], { input });

const listed = async (vm: Vm): Promise<readonly Listed[]> =>
  JSON.parse(await lb(vm, 'list -o json')) as readonly Listed[];

/** What was said of balancers: not how their backends are just now, nor who has them in force. */
const SAID = [
  ...['name', 'addresses', 'listen', 'to', 'mode', 'weights', 'on', 'check', 'stickyMs'],
  ...['drainMs', 'engine', 'includesSelf', 'comment'],
];
const saidOf = async (vm: Vm): Promise<string> => JSON.stringify(await listed(vm), SAID);

const addressesOf = async (vm: Vm, name: string): Promise<readonly [string, string]> =>
  (await listed(vm)).find((each) => each.name === name)?.addresses ?? ['', ''];

/**
 * Goal: each verb does on the kernel what it says, what is wrong is told, and nothing else suffers
 * from it. Method: the original's parameters, twice; drained and back; udp, a range, both families,
 * a frontend elsewhere; a port that a program has, and that another has; nobody who serves; checks
 * that hang.
 */
export async function lbVerbs(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  const [vm1, vm2, vm3] = ['vm1', 'vm2', 'vm3'].map((name) => world.vm(name)) as [Vm, Vm, Vm];
  for (const { name } of [vm2, vm3]) await obey(vm1, ['member', 'label', name, 'node=web']);
  const talkers: Talker[] = [];
  try {
    for (const vm of [vm2, vm3]) {
      const hosts = (await world.status(vm.name)).self.addresses;
      talkers.push(await openNamed(vm.machine(), vm.name, [8_080, 8_081], hosts));
      talkers.push(await openServer(vm.machine(), [MUTE]));
    }
    const asker = await openAsker(vm1.machine());
    talkers.push(asker);
    await imports(world, vm1, asker);
    await kinds(world, vm1, vm2, asker);
    talkers.push(await openNamed(vm1.machine(), 'vm1', [8_090], []));
    await isRefused(vm1);
    await isInTheWay(world, vm1, asker);
    await hangs(world, [vm1, vm2, vm3], asker);
    const names = (await listed(vm1)).map(({ name }) => name);
    await lb(vm1, `delete ${names.join(' ')}`);
    expect('none is left', (await lb(vm1, 'list')) === 'No balancers.\n');
    const isGone = async (): Promise<boolean> =>
      !(await vm1.run(['nft', 'list', 'table', 'inet', 'cnsmo_lb'])).stdout.includes('chain b/');
    await world.eventually('none is in the table', isGone, ENFORCED_MS);
  } finally {
    for (const talker of talkers) talker.end();
  }
}

async function imports(world: RealWorld, vm1: Vm, by: Talker): Promise<void> {
  const planned = await lb(vm1, 'plan import -', PARAMETERS);
  expect(`a plan names what comes: ${planned}`, planned.includes(IMPORTED));
  expect('and changes nothing', (await lb(vm1, 'list')) === 'No balancers.\n');
  for (const time of ['once', 'twice']) {
    await lb(vm1, 'import -', PARAMETERS);
    expect(`imported ${time} there is one`, (await listed(vm1)).length === 1);
  }
  const [at] = await addressesOf(vm1, IMPORTED);
  const are = (what: string, ...names: string[]): Promise<void> =>
    isAnsweredBy(world, what, { by, at, port: 8_080 }, names);
  await are('what was imported', 'vm2', 'vm3');
  await lb(vm1, `drain ${IMPORTED} vm2`);
  await are('with vm2 drained it', 'vm3');
  const line = await refusal('the last is drained', lb(vm1, `drain ${IMPORTED} vm3`));
  expect(`it asks for --force: ${line}`, line.includes('--force'));
  await are('and still it', 'vm3');
  await lb(vm1, `undrain ${IMPORTED} vm2`);
  await are('with vm2 back it', 'vm2', 'vm3');
  await lb(vm1, `edit ${IMPORTED} --to vm3:8080`);
  await are('edited, it', 'vm3');
}

/** By udp, over a range, by IPv6; and at another VM than the one at which it was typed. */
async function kinds(world: RealWorld, vm1: Vm, vm2: Vm, by: Talker): Promise<void> {
  await lb(vm1, 'create udp --listen 5353/udp --to node=web:8081');
  await lb(vm1, 'create wide --listen 9000-9001 --to node=web:8080');
  await lb(vm1, 'create far --listen 81 --to node=web:8080 --on vm2');
  for (const family of [0, 1] as const) {
    for (const [name, protocol, port] of [
      ['udp', 'udp', 5_353],
      ['wide', 'tcp', 9_001],
    ] as const) {
      const at = (await addressesOf(vm1, name))[family];
      const asked = { by, at, protocol, port };
      await isAnsweredBy(world, `${name} at ${at}`, asked, ['vm2', 'vm3']);
    }
  }
  // vm2 serves as well, and is not its own backend.
  const far = { by, at: vm2.place.public4, port: 81 };
  await isAnsweredBy(world, 'the frontend of vm2', far, ['vm3']);
}

/** Nothing of it is made, and the line names what was wrong. */
async function isRefused(vm1: Vm): Promise<void> {
  const before = await saidOf(vm1);
  const [virtual] = await addressesOf(vm1, IMPORTED);
  for (const [typed, begins] of [
    ['create $(reboot) --listen 82 --to vm2', 'name: $(reboot): '],
    ['create ../x --listen 82 --to vm2', 'name: ../x: '],
    ['create x --listen 82 --to vm2 --mode leastconn --engine nft', 'mode: leastconn: '],
    [`create x --listen 82 --to ${virtual}:80`, `to: ${virtual}:80: is the virtual address`],
    ['create x --listen 7300 --to vm2 --on vm1', 'listen: tcp/7300: '],
    ['create x --listen 81 --to vm3 --on vm2', 'listen: tcp/81: balancer far has'],
    ['create x --listen 82 --to vm2 --check exec:/bin/true', 'check: '],
  ] as const) {
    const line = await refusal(typed, lb(vm1, typed));
    expect(`${typed}: begins with ${begins}: ${line}`, line.startsWith(begins));
  }
  const after = await saidOf(vm1);
  expect(`nothing is changed: ${before} is ${after}`, before === after);
}

/** A port that a program has, and a balancer that nobody serves; others go on. */
async function isInTheWay(world: RealWorld, vm1: Vm, by: Talker): Promise<void> {
  await lb(vm1, 'create busy --listen 8090 --to vm2:8080 --on vm1');
  await world.eventually(
    'that a program has the port is told',
    async () => /tcp\/8090 of this VM: .* has it/.test(await lb(vm1, 'list -o json')),
    ENFORCED_MS,
  );
  const own = { by, at: vm1.place.public4, port: 8_090 };
  await isAnsweredBy(world, 'the program at its port', own, ['vm1']);
  const virtual = { by, at: (await addressesOf(vm1, 'busy'))[0], port: 8_090 };
  await isAnsweredBy(world, 'the balancer at its own', virtual, ['vm2']);
  await lb(vm1, 'create none --listen 82 --to role=nobody:80');
  const nobody = { by, at: (await addressesOf(vm1, 'none'))[0], port: 82 };
  await isAnsweredBy(world, 'where nobody serves', nobody, ['reject']);
  const [at] = await addressesOf(vm1, IMPORTED);
  await isAnsweredBy(world, 'the first', { by, at, port: 8_080 }, ['vm3']);
}

/** What a check does is its backend's trouble: no daemon ends by it, and others go on. */
async function hangs(world: RealWorld, [vm1, vm2, vm3]: readonly [Vm, Vm, Vm], by: Talker) {
  const daemons = (): string => [vm1, vm2, vm3].map((vm) => vm.daemonPid()).join();
  const before = daemons();
  for (const vm of [vm2, vm3]) await obey(vm, ['consent', '--allow-run']);
  for (const [name, port, check] of HANGING) {
    const words = `create ${name} --listen 83 --to node=web:${port} --check`.split(' ');
    await obey(vm1, ['lb', ...words, check]);
  }
  for (const [name, , check, told] of HANGING) {
    await world.eventually(
      `both backends of ${name} are down: ${check} ${told}`,
      async () => {
        const { backends } = JSON.parse(await lb(vm1, `show ${name} -o json`)) as Shown;
        return (
          backends.length === 2 &&
          backends.every(({ state, why }) => state === 'down' && why === told)
        );
      },
      ENFORCED_MS,
    );
  }
  expect('no daemon ended', daemons() === before);
  const [at] = await addressesOf(vm1, IMPORTED);
  await isAnsweredBy(world, 'the first, beside them', { by, at, port: 8_080 }, ['vm3']);
}
