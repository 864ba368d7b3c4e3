/** Edge: firewall guards — what an operator is kept from, and the ways out that always work. */
import { found, isReady, SETTLE_MS } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { cnsmo, obey } from '../command-line.ts';
import { hostile } from '../hostile.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { answers, becomes, connect, firewall, isApplied, overlayOf } from './firewall-words.ts';

/** Where the operator's shell comes from: a VM of the east that does not exist. */
const AWAY = '198.51.100.99';
const NONE = 'No rules.\n';
/** How long a rule lives that ends while no daemon runs, as it is typed. It is not looked for. */
const LIFE = '4s';

/**
 * Goal: a slip of an operator changes nothing, and a member can be opened with its daemon dead.
 * Method: changes that would cut the session, SSH or the mesh, each with its twin that does not;
 * policy tests; hostile texts in every field; then a VM without a daemon.
 */
export async function firewallGuards(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  await cuts(world, vm1, vm2);
  await policyTests(world, vm1);
  await mistakes(vm1);
  await hostile(world, [vm1, vm2]);
  await breakGlass(world, vm1, vm2);
}

/** What would cut the operator is refused, unless that is what is said. */
async function cuts(world: RealWorld, vm1: Vm, vm2: Vm): Promise<void> {
  const outside1 = vm1.place.public4;
  const bySsh = { env: { SSH_CONNECTION: `${AWAY} 50000 ${outside1} 22` } };
  const byPort = { env: { SSH_CONNECTION: `${AWAY} 50000 ${outside1} 2222` } };
  const ssh = ['deny', 'tcp/22', '--zone', 'wan', '--name', 'cut'];
  const table: readonly (readonly [env: typeof bySsh | object, argv: readonly string[], RegExp])[] =
    [
      [
        bySsh,
        ssh,
        /^your session: 198\.51\.100\.99 to vm1, tcp\/22: rule cut would cut it at vm1; /,
      ],
      [
        bySsh,
        [...ssh, '--on', 'vm2'],
        /^SSH: 198\.51\.100\.99 to vm2, tcp\/22: rule cut would cut/,
      ],
      [byPort, ['deny', 'tcp/2000-3000', '--zone', 'wan'], /^your session: .*, tcp\/2222: /],
      [{}, ssh, /^SSH: \S+ to vm[12], tcp\/22: rule cut would cut it at vm/],
      [
        {},
        ['default', 'in', 'deny', '--zone', 'wan'],
        /^SSH: \S+ to vm[12], tcp\/22: the default /,
      ],
      [{}, ['deny', 'udp/7300', '--zone', 'wan'], /^mesh: vm[12] to vm[12], udp\/7300: rule /],
      [{}, ['reject', 'tcp', '--zone', 'wan', '--direction', 'out'], /^mesh: .*, tcp\/7300: rule /],
    ];
  for (const [options, argv, says] of table) {
    const { status, stdout, stderr } = await cnsmo(vm1, ['firewall', ...argv], options);
    const said = `${argv.join(' ')}: ${status}: ${stdout}${stderr}`;
    expect(said, status === 3 && stdout === '' && says.test(stderr));
    expect(`the ways out: ${said}`, stderr.endsWith('--confirm 60s or --force\n'));
  }
  expect('nothing was written', (await firewall(vm1, 'list')) === NONE);
  await obey(vm1, ['firewall', 'default', 'in', 'deny', '--zone', 'wan'], bySsh);
  await becomes(world, [vm2, outside1, 23], 'silent');
  await firewall(vm1, 'default', 'in', 'allow', '--zone', 'wan');
  const port = ['firewall', 'deny', 'tcp/23', '--zone', 'wan', '--name', 'twin'];
  await obey(vm1, port, bySsh);
  await firewall(vm1, ...ssh, '--force');
  await becomes(world, [vm2, outside1, 22], 'silent');
  await becomes(world, [vm2, outside1, 23], 'silent');
  expect('no other port', await answers(vm2, outside1, 24));
  await firewall(vm1, 'delete', 'cut', 'twin');
  await firewall(vm1, ...ssh, '--confirm', '60s');
  await becomes(world, [vm2, outside1, 22], 'silent');
  await firewall(vm1, 'confirm', '--undo');
  await becomes(world, [vm2, outside1, 22], 'answered');
}

/**
 * A policy test says what must be; `test` tries it, and a change that breaks it is refused, however
 * it is made. What ends by itself may break one: that is told.
 */
async function policyTests(world: RealWorld, vm1: Vm): Promise<void> {
  const add = (name: string, traffic: string, expected: string): Promise<string> =>
    firewall(vm1, 'test', 'add', name, 'vm1', 'vm2', traffic, '--expect', expected);
  await add('web', 'tcp/8080', 'allow');
  const again = await refusal('the same name', add('web', 'tcp/8081', 'allow'));
  expect(`a name is taken once: ${again}`, again.startsWith('name: web: another test'));
  const untrue = await refusal('what is not so', add('shut', 'tcp/8081', 'deny'));
  expect(`it would fail: ${untrue}`, untrue.startsWith('test: shut: would fail: vm1 to vm2'));
  const denial = ['deny', 'tcp/8081', '--name', 'soon'];
  await firewall(vm1, ...denial);
  await add('shut', 'tcp/8081', 'deny');
  const tested = async (result: string): Promise<boolean> => {
    const said = await firewall(vm1, 'test');
    return (
      /^web +passes +\d+$/m.test(said) && new RegExp(`^shut +${result} +\\d+$`, 'm').test(said)
    );
  };
  expect('both pass', await tested('passes'));
  const breaking = ['deny', 'tcp/8080', '--on', 'vm2', '--name', 'no'];
  for (const flags of [[], ['--force'], ['--confirm', '60s']]) {
    const line = await refusal('what breaks a test', firewall(vm1, ...breaking, ...flags));
    expect(`the test is named: ${line}`, line.startsWith('test: web: would fail: vm1 to vm2'));
  }
  const line = await refusal('a deletion', firewall(vm1, 'delete', 'soon'));
  expect(`it is named: ${line}`, line.startsWith('test: shut: would fail: '));
  await firewall(vm1, ...denial, '--for', '2s', '--replace');
  await world.eventually('one fails when its rule has ended', () => tested('fails'), 10_000);
  await firewall(vm1, 'test', 'delete', 'web');
  await firewall(vm1, ...breaking);
  await firewall(vm1, 'test', 'delete', 'shut');
  await firewall(vm1, 'delete', 'no', 'soon');
  expect('none are left', (await firewall(vm1, 'test', 'list')) === 'No tests.\n');
}

/** What people mistype, and what the line begins with that they get. */
const MISTAKES: readonly (readonly [argv: readonly string[], begins: string])[] = [
  [['allow', 'tcp/80', '--from', 'nobody'], 'from: nobody: no member'],
  [['allow', 'tcp/80', '--from', 'group:none'], 'from: group:none: no such group; '],
  [['allow', 'tcp/80', '--to', ''], 'to: (empty): would match nothing; '],
  [['allow', 'tcp/80', '--from', '10.0.0.5/8'], 'from: 10.0.0.5/8: has host bits set'],
  [['allow', 'tcp/80', '--from', '2001:db8::1/64'], 'from: 2001:db8::1/64: has host bits set'],
  [['deny', 'tcp/0'], 'traffic: 0: 0 is no port; '],
  [['deny', 'udp/70000'], 'traffic: 70000: 70000 is no port; '],
  [['reject', 'tcp/90-80'], 'traffic: 90-80: is reversed; write 80-90'],
  [['allow', 'tcp/81', '--name', 'taken'], 'name: taken: another rule has that name; '],
  [['deny', 'icmp/443'], 'traffic: icmp/443: icmp has no ports'],
  [['deny', 'icmpv6/22'], 'traffic: icmpv6/22: icmpv6 has no ports'],
  [['deny', `tcp/${Array.from({ length: 10_000 }, (_, n) => n + 1).join(',')}`], 'traffic: tcp/1,'],
];

/** Each is refused in one line with a remedy, and writes nothing. */
async function mistakes(vm1: Vm): Promise<void> {
  await firewall(vm1, 'allow', 'tcp/80', '--name', 'taken');
  // Not a list: it also tells what others report meanwhile.
  const said = (): Promise<string> => obey(vm1, ['audit']);
  const before = await said();
  for (const [argv, begins] of MISTAKES) {
    const { status, stdout, stderr } = await cnsmo(vm1, ['firewall', ...argv]);
    const what = `${argv.join(' ').slice(0, 80)}: ${status}: ${stdout}${stderr}`;
    expect(what, status === 3 && stdout === '' && stderr.startsWith(begins));
    expect(`one line: ${what}`, stderr.length < 600 && /^[^\n]+; [^\n]+\n$/.test(stderr));
  }
  expect('nothing was written', (await said()) === before);
  await firewall(vm1, 'delete', 'taken');
}

/** The kernel opens, and closes again; what ends while no daemon runs is gone when one does. */
async function breakGlass(world: RealWorld, vm1: Vm, vm2: Vm): Promise<void> {
  const second = await overlayOf(world, 'vm2');
  await firewall(vm1, 'deny', 'tcp/8080', '--on', 'vm2', '--name', 'stays');
  const ending = ['deny', 'tcp/8081', '--on', 'vm2', '--name', 'ends', '--for'];
  await firewall(vm1, ...ending, '1h');
  await isApplied(world, 'ends', 1);
  await becomes(world, [vm1, second, 8081], 'silent');
  await firewall(vm1, ...ending, LIFE, '--replace');
  vm2.killDaemon();
  await firewall(vm2, 'open', '--for', '1h');
  await becomes(world, [vm1, second, 8080], 'answered');
  const said = await firewall(vm2, 'open', '--for', '2s');
  expect(`it says for how long: ${said}`, said.startsWith('Everything passes on this VM for 2 s'));
  await becomes(world, [vm1, second, 8080], 'silent');
  await obey(vm2, ['start']);
  await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), SETTLE_MS);
  await becomes(world, [vm1, second, 8081], 'answered');
  expect('the other one holds', (await connect(vm1, second, 8080)) === 'silent');
}
