/**
 * Edge: demo — a newcomer's first minute: `npm run demo`.
 *
 * Three VMs in two data centres, out of namespaces of this machine, become a mesh by the built
 * binary; then the first one loses its power. Everything that is shown is checked, and the exit
 * status is 1 when something is not so. `--keep` leaves it up, `--remove` removes what was kept.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isReady, stateOf } from '../scenarios/mesh.ts';
import { expect } from '../scenarios/world.ts';
import { ensureTools } from '../scripts/packages.ts';
import { scriptFailure, secondsSince } from '../scripts/steps.ts';
import { type Capture, type Captured, capture } from './capture.ts';
import { addressOf, who } from './checks/lb-words.ts';
import { obey } from './command-line.ts';
import { isKept, noteKept, removeKept } from './demo-kept.ts';
import { openScreen } from './demo-screen.ts';
import { MARKER, OTHER_PORTS, sendMarkers } from './marker.ts';
import { pingDuring } from './steady.ts';
import { openAsker, openNamed } from './talker.ts';
import { openWorld, type RealWorld } from './world.ts';

const screen = openScreen(process.stdout);
const { check, holds, part, tell } = screen;

/** The whole demo without installation and build is to stay under this. Unit: ms. */
const WAIT_MS = 40_000;

const PLAN = `east ────────────────┐   the internet   ┌──────────────── west, behind NAT
vm1  198.51.100.11   ├── one router, ───┤  vm3  172.31.0.13 as 203.0.113.13
vm2  198.51.100.12   │   we listen here │  vm4  172.31.0.14, still off
─────────────────────┘                  └────────────────────────────────`;

const THREE = ['vm1', 'vm2', 'vm3'];
const SERVERS = ['vm2', 'vm3'];
const VMS = [
  { name: 'vm1', site: 'east' },
  { name: 'vm2', site: 'east' },
  { name: 'vm3', site: 'west' },
  { name: 'vm4', site: 'west', isOff: true },
];

/** Types a command in a VM and shows it with what it said; gives that. */
async function type(world: RealWorld, name: string, command: string, input = ''): Promise<string> {
  const said = await obey(world.vm(name), command.split(' ').slice(1), { input });
  screen.typed(name, input === '' ? command : `${command}   (the token on standard input)`, said);
  return said;
}

async function demo(world: RealWorld): Promise<void> {
  tell(`\n${PLAN}`);
  const link = join(world.directory, 'internet.pcap');
  const listener = await capture(world.network.internet, 'west', link);
  await makeMesh(world);
  await showTraffic(world, listener);
  await balance(world);
  await losePower(world);
  await growAgain(world);
}

async function makeMesh(world: RealWorld): Promise<void> {
  part('vm1 founds a mesh and invites two more');
  await type(world, 'vm1', 'cnsmo init --mesh demo');
  const token = await type(world, 'vm1', 'cnsmo invite --uses 2 --label role=web');
  for (const name of ['vm2', 'vm3']) await type(world, name, 'cnsmo join -', token);
  await becomeReady(world, THREE);
  await type(world, 'vm3', 'cnsmo status');

  part('Every pair talks over the VPN, by IPv4 and IPv6');
  await showPings(world, THREE);
}

async function becomeReady(world: RealWorld, names: readonly string[]): Promise<void> {
  await check(`${names.join(', ')} are ready and see one another`, async () => {
    for (const name of names) {
      const isComplete = async (): Promise<boolean> => {
        const { self, members } = await world.status(name);
        const alive = members.filter(({ state }) => state === 'alive').map((row) => row.name);
        return self.ready && names.every((other) => alive.includes(other));
      };
      await world.eventually(`${name} is ready`, isComplete, WAIT_MS);
    }
  });
}

const pairs = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));

/** Pings every ordered pair by both families, and shows the round trips as a table. */
async function showPings(world: RealWorld, names: readonly string[]): Promise<void> {
  const times = new Map<string, string>();
  await check(`${pairs(names).length} pairs, both ways, both families`, async () => {
    for (const [from, to] of pairs(names)) {
      const both = [await roundTrip(world, [from, to], 4), await roundTrip(world, [from, to], 6)];
      times.set(`${from} ${to}`, both.map((ms) => ms.toFixed(1)).join(' / '));
    }
  });
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(12))
      .join('')
      .trimEnd();
  const rows = names.map((from) =>
    row([from, ...names.map((to) => times.get(`${from} ${to}`) ?? '·')]),
  );
  tell([row(['ms to', ...names]), ...rows].map((text) => `  ${text}`).join('\n'));
}

/** The round trip over the VPN, ms. The first may have to wait for a handshake. */
async function roundTrip(
  world: RealWorld,
  [from, to]: readonly [string, string],
  family: 4 | 6,
): Promise<number> {
  const address = (await world.status(to)).self.addresses[family === 4 ? 0 : 1] ?? '';
  const what = `${from} reaches ${to} by IPv${family}`;
  await world.eventually(what, () => world.ping(from, to, family), WAIT_MS);
  const said = await world.vm(from).must(['ping', '-n', '-c', '1', '-W', '2', address]);
  return Number(/time=([\d.]+) ms/.exec(said)?.[1]);
}

async function showTraffic(world: RealWorld, listener: Capture): Promise<void> {
  part('What somebody hears who listens in the internet between them');
  const tunnel = join(world.directory, 'tunnel.pcap');
  const inside = await capture(world.vm('vm3').machine(), 'cnsmo0', tunnel);
  await check(`vm1 sends vm3 "${MARKER.trim()}", over and over`, async () => {
    await sendMarkers(world, ['vm1', 'vm3'], { inside, outside: listener });
  });
  const [heard, tunnelled] = [await listener.stop(), await inside.stop()];
  expect('the words are in the tunnel', tunnelled.holds(MARKER));
  expect('the words are not on the wire', !heard.holds(MARKER));
  holds('the words are in the tunnel, and nowhere on the wire');
  await showPorts(heard);
}

async function showPorts(heard: Captured): Promise<void> {
  const count = async (filter: string): Promise<number> => (await heard.packets(filter)).length;
  const [udp, tcp] = [await count('udp port 7300'), await count('tcp port 7300')];
  const others = await heard.packets(OTHER_PORTS);
  expect(`nothing but port 7300 was heard, not ${others[0]}`, others.length === 0);
  expect('both protocols were heard', udp > 0 && tcp > 0);
  holds(`since the first command: ${udp} packets of WireGuard, UDP 7300;`);
  tell(`  ${tcp} of the swarm, TCP 7300; no other`);
}

async function balance(world: RealWorld): Promise<void> {
  part('One address for two web servers, with no VM between that could fail');
  for (const name of SERVERS) {
    await openNamed(world.vm(name).machine(), name, [8_080], []); // It ends with this command.
    tell(`  ${name} serves its name at port 8080`);
  }
  await type(world, 'vm1', 'cnsmo lb create web --listen 80 --to role=web:8080');
  await showTurns(world, 'vm1', SERVERS);
  await type(world, 'vm1', 'cnsmo lb list');
}

/** Who answers a member at the balancer's address: all of them, one after the other. */
async function showTurns(world: RealWorld, name: string, servers: readonly string[]) {
  const [vm, all] = [world.vm(name), servers.join(' and ')];
  const asked = { by: await openAsker(vm.machine()), at: await addressOf(vm) };
  let said: readonly string[] = [];
  const isInTurn = async (): Promise<boolean> => {
    said = await who(asked, 6);
    const areAll = [...new Set(said)].toSorted().join(' and ') === all;
    return areAll && said.every((one, index) => servers.length === 1 || one !== said[index - 1]);
  };
  const what = `${name} is answered at ${asked.at} by ${all}`;
  await check(what, () => world.eventually(what, isInTurn, WAIT_MS));
  tell(`  six connections, one after the other: ${said.join(' ')}`);
  asked.by.end();
}

async function losePower(world: RealWorld): Promise<void> {
  part('vm2 becomes an operator too, and vm1, which founded all this, loses its power');
  await type(world, 'vm1', 'cnsmo operator add vm2');
  await world.powerCut('vm1');
  noteIfKept(world);
  const { sent, lost } = await check('vm2 takes note that vm1 is dead', () =>
    pingDuring(world, ['vm2', 'vm3'], async () => {
      const isDead = async (): Promise<boolean> => (await stateOf(world, 'vm2', 'vm1')) === 'dead';
      await world.eventually('vm2 sees vm1 dead', isDead, WAIT_MS);
    }),
  );
  expect(`no ping between vm2 and vm3 was lost, not ${lost} of ${sent}`, lost === 0);
  holds(`meanwhile vm2 pinged vm3 ${sent} times over the VPN; no answer was missing`);
  expect('vm1 answers nobody', !(await world.ping('vm2', 'vm1')));
  holds('vm1 answers nobody');
}

async function growAgain(world: RealWorld): Promise<void> {
  part('A fourth VM joins through those who are left');
  await world.vm('vm4').start();
  noteIfKept(world);
  const token = await type(world, 'vm2', 'cnsmo invite');
  await type(world, 'vm4', 'cnsmo join -', token);
  await becomeReady(world, ['vm2', 'vm3', 'vm4']);
  await showPings(world, ['vm2', 'vm3', 'vm4']);
  await type(world, 'vm4', 'cnsmo status');
  await showTurns(world, 'vm4', SERVERS);
  await world.eventually('vm4 stays ready', () => isReady(world, 'vm4'), WAIT_MS);
}

const { values: flags } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, remove: { type: 'boolean' } },
});

const noteIfKept = (world: RealWorld): void => {
  if (flags.keep) noteKept(world);
};

/** Builds the binary when what goes into it has changed, showing what that says. */
async function build(): Promise<void> {
  const root = resolve(import.meta.dirname, '..');
  const script = resolve(root, 'scripts/build-binary.ts');
  const child = spawn(process.execPath, [script], { cwd: root, stdio: 'inherit' });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw scriptFailure('the binary could not be built');
}

function showEntrance(world: RealWorld): void {
  part('It stays up: enter a VM, look around, and remove it all when done');
  for (const vm of world.vms.values()) {
    if (vm.isOn()) tell(`${vm.name}:  ${vm.machine().enter(['bash']).join(' ')}`);
  }
  tell('remove:  npm run demo -- --remove');
}

async function main(): Promise<void> {
  if (flags.remove === true) {
    console.log(removeKept() ? 'The demo is removed.' : 'There is no demo to remove.');
    return;
  }
  if (process.getuid?.() !== 0) throw scriptFailure('namespaces need root; run this as root');
  if (isKept()) throw scriptFailure('a demo is up; first: npm run demo -- --remove');
  screen.title('CNSMO: a VPN between VMs that no single VM can take down');
  await ensureTools(['strip', 'git', 'debian-keyring']);
  await ensureTools(['ip', 'wg', 'ping', 'nft', 'tcpdump', 'unshare']);
  await build();
  const beganMs = performance.now();
  const world = await openWorld({ vms: VMS, isKept: flags.keep });
  noteIfKept(world);
  try {
    await demo(world);
    if (flags.keep) showEntrance(world);
  } catch (error) {
    screen.fails(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  if (!flags.keep) await world.end();
  const end = flags.keep ? '' : ' Nothing of it is left on this machine.';
  if (process.exitCode === 1)
    screen.title(`Not everything was so (${secondsSince(beganMs)}).${end}`);
  else screen.title(`All of this was checked, in ${secondsSince(beganMs)}.${end}`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130)); // On exit, all that is not kept ends.
}

try {
  await main();
} catch (error) {
  const isExpected = error instanceof Error && error.name === 'ScriptFailure';
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
process.exit();
