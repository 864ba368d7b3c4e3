/** Edge: repairs — what a hand changes at the VPN is back within 10 s; in step nothing runs. */
import { found, isReady, SETTLE_MS, talk, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { expectSame } from '../host-state.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';

/** Longest time until a change is undone. From the issue. */
const BACK_MS = 10_000;

/** How long a host in step is watched. */
const CALM_MS = 30_000;

/** A change by hand, in a shell of the VM, and how an event names it. */
interface Edit {
  readonly script: string;
  readonly told: RegExp;
}

const EDITS: readonly Edit[] = [
  { script: 'wg set cnsmo0 peer $(wg show cnsmo0 peers) remove', told: /peer vm1 was missing/ },
  { script: 'ip address delete $four dev cnsmo0', told: /address \S+ was missing/ },
  { script: 'ip address delete $six dev cnsmo0', told: /address \S+:\S+ was missing/ },
  { script: 'ip -4 route flush dev cnsmo0 table main', told: /route [\d./]+ was missing/ },
  { script: 'ip -6 route flush dev cnsmo0 table main', told: /route fd\S+ was missing/ },
  { script: 'ip link set cnsmo0 down', told: /cnsmo0 was down/ },
  { script: 'ip link set cnsmo0 mtu 1300', told: /the MTU of cnsmo0 was 1300/ },
  { script: 'wg set cnsmo0 listen-port 7399', told: /cnsmo0 listened on port 7399/ },
  {
    script: 'wg set cnsmo0 peer $(wg show cnsmo0 peers) allowed-ips 192.0.2.99/32',
    told: /peer vm1 had other addresses/,
  },
  {
    script: 'nft add rule inet cnsmo_vpn forward counter drop',
    told: /table inet cnsmo_vpn was changed/,
  },
  { script: 'nft flush ruleset', told: /table inet cnsmo_vpn was missing/ },
  { script: 'ip link delete cnsmo0', told: /interface cnsmo0 was missing/ },
  {
    script: 'ip link set cnsmo0 down; ip link set cnsmo0 name mine0',
    told: /cnsmo0 had another name/,
  },
];

/** What is not ours, and made before: it has to be there in the end. */
const OTHERS = `
ip link add other0 type veth peer name other1
ip link set other0 up
ip address add 198.18.0.1/24 dev other0
ip route add 198.19.0.0/16 dev other0
ip rule add to 198.19.7.7 lookup 77`;

/** What of a VM concerns the VPN, without counters and numbers of links. */
const OURS = `
ip -o address show dev cnsmo0 scope global | sed 's/^[0-9]*: //'
ip -o link show dev cnsmo0 | grep -o 'mtu [0-9]*\\|,UP'
ip -4 route show dev cnsmo0
ip -6 route show dev cnsmo0 | grep -v fe80
wg show cnsmo0 allowed-ips
wg show cnsmo0 listen-port
nft -s list table inet cnsmo_vpn`;

const EVERYTHING = `
ip -o link show
ip -o address show
ip -4 route show table all
ip -6 route show table all
ip rule show`;

/**
 * Goal: every change by hand is back within 10 s, traffic flows, and an event says what was found,
 * while what is not ours stays. Method: each change on vm2, whose VPN is then compared as text.
 */
export async function repairs(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const vm2 = world.vm('vm2');
  await vm2.must(['sh', '-ec', OTHERS]);
  const before = await vm2.must(['sh', '-c', OURS]);
  const others = await othersOf(vm2);
  const [four = '', six = ''] = before.match(/(?<=inet6? )\S+/g) ?? [];
  for (const { script, told } of EDITS) {
    const known = (await obey(vm2, ['events', '-o', 'json'])).length;
    await world.timeline.act(`vm2: ${script}`, () =>
      vm2.must(['sh', '-ec', `four=${four} six=${six}; ${script}`]),
    );
    const isBack = async (): Promise<boolean> =>
      (await vm2.run(['sh', '-c', OURS])).stdout === before;
    await world.eventually(`back after: ${script}`, isBack, BACK_MS);
    await talk(world, ['vm1', 'vm2']);
    // That it was changed shows here: a repair may be done before anybody could have looked.
    const isTold = async (): Promise<boolean> =>
      told.test((await obey(vm2, ['events', '-o', 'json'])).slice(known));
    await world.eventually(`told: ${told}`, isTold, BACK_MS);
    await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), SETTLE_MS);
  }
  expectSame('what is not ours', others, await othersOf(vm2));
  expectSame('the VPN', before, await vm2.must(['sh', '-c', OURS]));
}

/** Links, addresses, routes and rules of a VM. */
const stateOf = (vm: Vm): Promise<string> => vm.must(['sh', '-c', EVERYTHING]);

/** The same without what is the VPN's. */
const othersOf = async (vm: Vm): Promise<string> =>
  (await stateOf(vm)).replaceAll(/^.*cnsmo0.*\n/gm, '');

/**
 * Goal: in step nothing runs but the monitors. Method: for 30 s the daemon may not have reaped a
 * child (the kernel counts the page faults of those); its twin: one `cnsmo status` makes it look.
 */
export async function calm(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  const vm2 = world.vm('vm2');
  const reaped = async (): Promise<string> =>
    (await vm2.must(['sh', '-c', 'cat /proc/$(pgrep -f "[c]nsmo daemon")/stat'])).split(' ')[10] ??
    '';
  const isCalm = async (): Promise<boolean> => {
    const before = await reaped();
    await world.holds('(a moment)', async () => true, 3_000);
    return (await reaped()) === before;
  };
  await world.eventually('vm2 is calm', isCalm, SETTLE_MS);
  const before = await reaped();
  await world.holds('nothing was run', async () => (await reaped()) === before, CALM_MS);
  await world.status('vm2');
  await world.eventually('a look runs something', async () => (await reaped()) !== before, BACK_MS);
  const running = await vm2.must(['ps', '-e', '-o', 'args=']);
  const monitors = running.split('\n').filter((line) => / monitor( |$)/.test(line));
  expect(`three monitors, not ${monitors.join('; ')}`, monitors.length === 3);
}

/** A program that takes a peer away as soon as it is there. */
const FIGHTER = `while true; do
  for peer in $(wg show cnsmo0 peers); do wg set cnsmo0 peer $peer remove; done; sleep 0.2
done`;

/**
 * Goal: a program that fights us is named and costs little, and all is well when it ends. Method:
 * it removes peers for a minute; count the repairs that the log tells.
 */
export async function fight(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const vm2 = world.vm('vm2');
  await vm2.must(['sh', '-c', `(${FIGHTER}) >/dev/null 2>&1 & echo $! >/run/fighter`]);
  const isNamed = async (): Promise<boolean> =>
    /peer vm1 was missing: repaired again and again/.test(await statusOf(vm2));
  await world.eventually('the fight is named', isNamed, 60_000);
  const repaired = async (): Promise<number> =>
    Number((await vm2.must(['sh', '-c', 'grep -c drift-repaired /var/lib/cnsmo/log'])).trim());
  const start = await repaired();
  await world.holds('(it goes on)', async () => true, CALM_MS);
  const more = (await repaired()) - start;
  expect(`few repairs in 30 s, not ${more}`, more <= 8);
  await vm2.must(['sh', '-c', 'kill $(cat /run/fighter)']);
  await together(world, ['vm1', 'vm2']);
}

const statusOf = (vm: Vm): Promise<string> => obey(vm, ['status', '-o', 'json']);

/** What stands in the way, made and taken away on vm2, and how `status` names it. */
const COLLISIONS: readonly (readonly [make: string, unmake: string, named: RegExp])[] = [
  [
    'ip address add $inside/24 dev other0',
    'ip address delete $inside/24 dev other0',
    /address: \S+\/24: of other0 lies inside the mesh's \S+; remove it from other0/,
  ],
  [
    'ip route add $inside/32 dev other0',
    'ip route delete $inside/32 dev other0',
    /route: \S+\/32: goes by other0 and takes from the mesh's \S+; remove it/,
  ],
  [
    'ip route add unreachable $inside/32',
    'ip route delete unreachable $inside/32',
    /route: \S+\/32: goes unreachable and takes/,
  ],
  [
    'ip route add default dev other0 table 99; ip rule add to $peer lookup 99',
    'ip rule delete to $peer lookup 99; ip route flush table 99',
    /what is for vm1 leaves by other0, as a routing rule says/,
  ],
  [
    // Under our name, while no daemon runs that would take it.
    'cnsmo stop; ip link delete cnsmo0; ip link add cnsmo0 type veth peer name other2; cnsmo start',
    'ip link delete cnsmo0',
    /interface: cnsmo0: is a veth device that CNSMO did not make; remove it/,
  ],
];

/**
 * Goal: what others have that collides is named, left alone, and forgotten when it goes. Method:
 * each on vm2, seen to stay for two seconds after it was named, then taken away.
 */
export async function collisions(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const vm2 = world.vm('vm2');
  await vm2.must(['sh', '-ec', OTHERS]);
  const [peer = ''] = (await world.status('vm1')).self.addresses;
  const inside = peer.replace(/\d+$/, (last) => String((Number(last) % 200) + 20));
  const words = `peer=${peer} inside=${inside}`;
  const before = await othersOf(vm2);
  for (const [make, unmake, named] of COLLISIONS) {
    await world.timeline.act(`vm2: ${make}`, () => vm2.must(['sh', '-ec', `${words}; ${make}`]));
    const made = await stateOf(vm2);
    const isNamed = async (): Promise<boolean> => named.test(await statusOf(vm2));
    await world.eventually(`named: ${named}`, isNamed, BACK_MS);
    expect('it is not ready', !(await isReady(world, 'vm2')));
    const stays = async (): Promise<boolean> => (await stateOf(vm2)) === made;
    await world.holds(`left alone: ${make}`, stays, 2_000);
    await vm2.must(['sh', '-ec', `${words}; ${unmake}`]);
    await world.eventually('vm2 is ready', () => isReady(world, 'vm2'), 2 * BACK_MS);
    expect('no word of it', !named.test(await statusOf(vm2)));
    await talk(world, ['vm1', 'vm2']);
  }
  expectSame('what is not ours', before, await othersOf(vm2));
}
