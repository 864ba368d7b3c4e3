/** Edge: path — packets fit, whatever the way between the members carries. */
import { join } from 'node:path';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { type Captured, capture, LAG_MS } from '../capture.ts';
import { type CommandOptions, execute, type Outcome } from '../command.ts';
import { obey } from '../command-line.ts';
import { type Namespace, openNamespace } from '../namespace.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';

/** Longest time until the interface follows its uplink. */
const FOLLOW_MS = 20_000;

/** What opens a connection of TCP, and what answers it. */
const SYN = 'tcp[13] & 18 = 2';
const ANSWER = 'tcp[13] & 18 = 18';

/** IPv4 and ICMP before the payload of a ping. */
const PING_HEADERS = 28;

const mtuOf = async (vm: Vm): Promise<number> =>
  Number(/mtu (\d+)/.exec(await vm.must(['ip', 'link', 'show', 'dev', 'cnsmo0']))?.[1]);

/** Whether a packet of this size, which nobody may cut in two, gets there and back. */
const isCarried = async (vm: Vm, address: string, size: number): Promise<boolean> => {
  const words = ['-n', '-c', '1', '-W', '1', '-M', 'do', '-s', String(size - PING_HEADERS)];
  return (await vm.run(['ping', ...words, address])).status === 0;
};

/** Sets the MTU of vm3's link, both ends: with them goes that of the router's bridge. */
async function setUplink(world: RealWorld, mtu: number): Promise<void> {
  await world.network.routers.get('west')?.must(['ip', 'link', 'set', 'vm3', 'mtu', `${mtu}`]);
  await world.vm('vm3').must(['ip', 'link', 'set', 'eth0', 'mtu', `${mtu}`]);
}

/**
 * Goal: the tunnel's MTU follows the uplink, and full-size packets pass each way over any of them.
 * Method: vm3's uplink at 1400, at the least that will do, below that (packets go in two: slow, and
 * named), and back at 1500; each time pings that may not be cut, and a transfer of TCP.
 */
export async function mtuFollows(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm3']);
  const [vm1, vm3] = [world.vm('vm1'), world.vm('vm3')];
  expect(`1420 at first, not ${await mtuOf(vm3)}`, (await mtuOf(vm3)) === 1420);
  const [first = ''] = (await world.status('vm1')).self.addresses;
  const [third = ''] = (await world.status('vm3')).self.addresses;
  const directions = [
    [vm1, vm3, third],
    [vm3, vm1, first],
  ] as const;
  for (const [uplink, mtu] of [
    [1400, 1320],
    [1340, 1280],
    [1300, 1280],
    [1500, 1420],
  ] as const) {
    await world.timeline.act(`uplink of vm3: ${uplink}`, () => setUplink(world, uplink));
    // What routers said of the old way is remembered for ten minutes.
    await vm1.must(['ip', 'route', 'flush', 'cache']);
    const follows = async (): Promise<boolean> => (await mtuOf(vm3)) === mtu;
    await world.eventually(`the MTU of vm3 is ${mtu}`, follows, FOLLOW_MS);
    for (const [vm, , address] of directions) {
      const passes = async (): Promise<boolean> =>
        (await isCarried(vm, address, mtu)) || (await looksAgain(world, vm));
      await world.eventually(`${mtu} bytes from ${vm.name}`, passes, FOLLOW_MS);
    }
    expect('one byte more does not', !(await isCarried(vm3, first, mtu + 1)));
    const isNamed = async (): Promise<boolean> =>
      (await obey(vm3, ['status', '-o', 'json'])).includes('"mtu: 1300: the way to');
    const isTold = async (): Promise<boolean> => (await isNamed()) === (uplink === 1300);
    await world.eventually(`${uplink} is named when it is too narrow`, isTold, FOLLOW_MS);
    for (const [vm, to, address] of uplink === 1300 ? [] : directions) {
      const begin = performance.now();
      await transfer(vm, to, address);
      world.timeline.note(`TCP ${vm.name} ${Math.round(performance.now() - begin)} ms`);
    }
    const areReady = async (): Promise<boolean> =>
      (await isReady(world, 'vm1')) && (await isReady(world, 'vm3'));
    await world.eventually('both are ready', areReady, FOLLOW_MS);
  }
  const events = await obey(vm3, ['events', '-o', 'json']);
  expect('to follow is no repair', !events.includes('drift'));
}

/** Has the daemon look at the host: no monitor tells what routers say of the way. */
async function looksAgain(world: RealWorld, vm: Vm): Promise<false> {
  await world.status(vm.name);
  return false;
}

/** Bytes of a transfer: some hundred packets, more than any queue holds. */
const TRANSFER_BYTES = 2_000_000;

/** Sends from one VM to the other over TCP. Rejects when it does not arrive within 20 s. */
async function transfer(from: Vm, to: Vm, address: string): Promise<void> {
  const listen = `let n = 0;
    require('net').createServer((one) => one.on('data', (some) => { n += some.length; })
      .on('end', () => { console.log(n); process.exit(n === ${TRANSFER_BYTES} ? 0 : 1); }))
      .listen(9000, '${address}');`;
  const send = `const one = require('net').connect(9000, '${address}');
    one.on('error', () => setTimeout(() => process.exit(1), 100));
    one.end(Buffer.alloc(${TRANSFER_BYTES}));`;
  const run = (vm: Vm, script: string) =>
    inNetworkOf(vm, [process.execPath, '-e', script], { timeoutMs: 20_000 });
  const received = run(to, listen);
  let isOver = false;
  const ended = received.finally(() => {
    isOver = true;
  });
  ended.catch(() => undefined);
  while (!isOver && (await run(from, send)).status !== 0);
  const { status } = await ended;
  if (status !== 0) throw new Error(`TCP from ${from.name} did not arrive`);
}

/** A program of the machine outside, in the network of a VM. */
function inNetworkOf(vm: Vm, argv: readonly string[], options: CommandOptions): Promise<Outcome> {
  return execute(vm.machine().enterNetwork(argv), options);
}

/** A host behind vm3 that does not know of the tunnel, and goes out through it as vm3. */
const FORWARDING = `
ip address add 192.168.9.1/24 dev lan0
ip link set lan0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
nft 'table ip behind { chain out { type nat hook postrouting priority srcnat;
  oifname "cnsmo0" masquerade; }; }'`;

/**
 * Goal: flows that a member forwards fit into the tunnel, both ways. Method: a host behind vm3,
 * whose uplink carries 1400, connects to vm1 through it; the opening packets are captured on both
 * sides. The twin: without our table they say what does not fit.
 */
export async function clamped(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm3']);
  const [vm1, vm3] = [world.vm('vm1'), world.vm('vm3')];
  await setUplink(world, 1400);
  await world.eventually('the MTU is 1320', async () => (await mtuOf(vm3)) === 1320, FOLLOW_MS);
  const behind = await openNamespace('network', 'ip link set lo up');
  const pair = ['netns', `${behind.pid}`, 'type', 'veth', 'peer', 'name', 'lan0', 'netns'];
  await world.network.internet.must(['ip', 'link', 'add', 'eth0', ...pair, `${vm3.machine().pid}`]);
  await vm3.must(['sh', '-ec', FORWARDING]);
  const lines = ['address add 192.168.9.2/24 dev eth0', 'link set eth0 up'];
  lines.push('route add default via 192.168.9.1');
  await behind.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  const [first = ''] = (await world.status('vm1')).self.addresses;

  const opening = async (name: string): Promise<readonly [number, number]> => {
    const file = (side: string): string => join(world.directory, `${name}-${side}.pcap`);
    const there = await capture(vm1.machine(), 'cnsmo0', file('there'));
    const here = await capture(behind, 'eth0', file('here'));
    await connect(world, behind, vm1, first);
    await world.eventually('the opening was heard', () => there.has(SYN, 1), LAG_MS);
    await world.eventually('the answer was heard', () => here.has(ANSWER, 1), LAG_MS);
    const [syn, answer] = [await there.stop(), await here.stop()];
    return [await sizeIn(syn, SYN), await sizeIn(answer, ANSWER)];
  };
  const [there, back] = await opening('clamped');
  expect(`1280 there and back, not ${there} and ${back}`, there === 1280 && back === 1280);
  await obey(vm3, ['stop']);
  await vm3.must(['nft', 'delete', 'table', 'inet', 'cnsmo_vpn']);
  const [freeThere, freeBack] = await opening('free');
  const isFree = freeThere === 1460 && freeBack === 1380;
  expect(`1460 and 1380 without, not ${freeThere} and ${freeBack}`, isFree);
  await obey(vm3, ['start']);
  await together(world, ['vm1', 'vm3']);
  await world.eventually('vm3 is ready', () => isReady(world, 'vm3'), SETTLE_MS);
  const [again] = await opening('again');
  expect(`1280 again, not ${again}`, again === 1280);
  await behind.end();
}

/** Opens and closes a connection of TCP. */
async function connect(world: RealWorld, from: Namespace, to: Vm, address: string): Promise<void> {
  const listen = `require('net').createServer((one) => one.end())
    .listen(9001, '${address}'); setTimeout(() => process.exit(), 10000)`;
  const server = inNetworkOf(to, [process.execPath, '-e', listen], { timeoutMs: 20_000 });
  const open = `require('net').connect(9001, '${address}').on('error', () => process.exit(1))
    .on('connect', () => process.exit()); setTimeout(() => process.exit(1), 2000)`;
  const argv = from.enterNetwork([process.execPath, '-e', open]);
  const isOpened = async (): Promise<boolean> => (await execute(argv)).status === 0;
  await world.eventually(`a connection to ${to.name} through vm3`, isOpened, FOLLOW_MS);
  await server;
}

/** The segment size that packets of a capture ask for: the first option, as Linux writes it. */
async function sizeIn(captured: Captured, filter: string): Promise<number> {
  for (const size of [1280, 1380, 1460]) {
    if ((await captured.packets(`${filter} and tcp[22:2] = ${size}`)).length > 0) return size;
  }
  return 0;
}
