/** Edge: firewall guests — what a VM forwards to its containers and from them, and sends itself. */
import { found } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { openGuest, PUBLISHED } from '../guest.ts';
import { openAsker, openServer, type Talker, type Verdict } from '../talker.ts';
import type { RealWorld } from '../world.ts';

/** Longest wait until a change is in the kernels. Unit: ms. */
const ENFORCED_MS = 20_000;
/** Ports of vm1 that the container and its VM go to: the first is forbidden. */
const [CLOSED, OPEN] = [9_000, 9_001];
const [[SHUT], [FREE]] = PUBLISHED;

/** Who opens connections, and to which addresses of whom: by VPN and not, of each family. */
interface Origin {
  readonly name: string;
  readonly asker: Talker;
  readonly wan: readonly string[];
  readonly mesh: readonly string[];
}

/** What has to come of connections to a port, by zone. */
type Expected = readonly (readonly [port: number, wan: Verdict, mesh: Verdict])[];

/** Waits until all of an origin's connections end as expected. */
async function become(world: RealWorld, origin: Origin, expected: Expected): Promise<void> {
  const { name, asker, wan, mesh } = origin;
  const flows = expected.flatMap(([port, outside, inside]) => [
    ...wan.map((destination) => ({ destination, port, wanted: outside })),
    ...mesh.map((destination) => ({ destination, port, wanted: inside })),
  ]);
  const ask = { do: 'try', flows: flows.map((flow) => ({ ...flow, protocol: 'tcp' })) };
  let said: readonly string[] = [];
  const isSo = async (): Promise<boolean> => {
    said = JSON.parse(await asker.ask(ask)) as readonly string[];
    return flows.every(({ wanted }, index) => said[index] === wanted);
  };
  const odd = (): string =>
    flows
      .map(({ destination, port, wanted }, index) =>
        said[index] === wanted ? '' : `${destination} ${port}: ${said[index]}, not ${wanted}; `,
      )
      .join('');
  try {
    await world.eventually(`${name} gets what is expected`, isSo, ENFORCED_MS);
  } catch (error) {
    throw new Error(`${name}: ${odd()}`, { cause: error });
  }
}

const overlays = async (world: RealWorld, name: string): Promise<readonly string[]> =>
  (await world.status(name)).self.addresses;

/** Who keeps a connection, and to where. */
type Kept = readonly [asker: Talker, destination: string, port: number];

const keep = async (id: string, [asker, destination, port]: Kept): Promise<void> =>
  expect(`${id} opens`, (await asker.ask({ do: 'open', id, destination, port })) === 'open');

const carries = async (id: string, [asker]: Kept): Promise<boolean> =>
  (await asker.ask({ do: 'echo', id })) === 'answers';

/**
 * Goal: rules hold for what is forwarded and what is sent, as for what comes in, in both zones and
 * families, and cut live flows of it. Method: a container on vm2 with two published ports. One
 * rule for each zone and direction, then defaults with exceptions; beside each silence a twin that
 * is answered; connections that are kept meanwhile.
 */
export async function firewallGuests(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const guest = await openGuest(vm2);
  const servers = [
    await openServer(
      guest,
      PUBLISHED.map(([, inner]) => inner),
    ),
    await openServer(vm1.machine(), [CLOSED, OPEN]),
  ];
  const [first, second, inner] = [
    await openAsker(vm1.machine()),
    await openAsker(vm2.machine()),
    await openAsker(guest),
  ];
  const outsideOf = ({ place }: typeof vm1) => [place.public4, place.public6];
  const to1 = { wan: outsideOf(vm1), mesh: await overlays(world, 'vm1') };
  const to2 = { wan: outsideOf(vm2), mesh: await overlays(world, 'vm2') };
  const origins = {
    vm1: { name: 'vm1', asker: first, ...to2 },
    vm2: { name: 'vm2', asker: second, ...to1 },
    guest: { name: 'the container', asker: inner, ...to1 },
  };
  try {
    await byRules(world, origins);
    await byDefaults(world, origins);
  } finally {
    for (const talker of [...servers, first, second, inner]) talker.end();
    await guest.end();
  }
}

type Origins = Readonly<Record<'vm1' | 'vm2' | 'guest', Origin>>;

/** The first ports get these verdicts in the two zones; the others are always answered. */
async function all(
  world: RealWorld,
  { vm1, vm2, guest }: Origins,
  [wan, mesh]: readonly [Verdict, Verdict],
): Promise<void> {
  const expected = (closed: number, open: number): Expected => [
    [closed, wan, mesh],
    [open, 'accept', 'accept'],
  ];
  await become(world, vm1, expected(SHUT, FREE));
  for (const origin of [vm2, guest]) await become(world, origin, expected(CLOSED, OPEN));
}

async function byRules(world: RealWorld, origins: Origins): Promise<void> {
  await all(world, origins, ['accept', 'accept']);
  const { vm1, guest } = origins;
  const [outside2 = '', outside1 = ''] = [vm1.wan[0], guest.wan[1]];
  const kept = {
    'in-cut': [vm1.asker, outside2, SHUT],
    'in-twin': [vm1.asker, outside2, FREE],
    'out-cut': [guest.asker, outside1, CLOSED],
    'out-twin': [guest.asker, outside1, OPEN],
  } as const satisfies Record<string, Kept>;
  for (const [id, each] of Object.entries(kept)) await keep(id, each);

  const forbid = async (zone: string): Promise<void> => {
    const where = ['--zone', zone, '--on', 'vm2'];
    await firewall(world, 'deny', `tcp/${SHUT}`, ...where, '--name', `in-${zone}`);
    const out = ['--direction', 'out', '--name', `out-${zone}`];
    await firewall(world, 'deny', `tcp/${CLOSED}`, ...where, ...out);
  };
  await forbid('wan');
  await all(world, origins, ['drop', 'accept']);
  for (const [id, each] of Object.entries(kept)) {
    expect(`${id} is as the rules say`, (await carries(id, each)) === id.endsWith('twin'));
  }
  await forbid('mesh');
  await all(world, origins, ['drop', 'drop']);
  await firewall(world, 'delete', 'in-wan', 'out-wan', 'in-mesh', 'out-mesh');
  await all(world, origins, ['accept', 'accept']);
}

/** What nobody allowed is dropped, and answers to what was let in or out pass all the same. */
async function byDefaults(world: RealWorld, origins: Origins): Promise<void> {
  const ports = `tcp/${FREE},${OPEN}`;
  await firewall(world, 'allow', ports, '--zone', 'wan', '--name', 'in');
  await firewall(world, 'allow', ports, '--zone', 'wan', '--direction', 'out', '--name', 'out');
  await firewall(world, 'default', 'in', 'deny', '--zone', 'wan', '--force');
  await firewall(world, 'default', 'out', 'deny', '--zone', 'wan', '--force');
  await all(world, origins, ['drop', 'accept']);
  const said = await firewall(world, 'trace', 'vm2', 'vm1', `tcp/${CLOSED}`, '--zone', 'wan');
  expect(`the default is named: ${said}`, said.includes('deny by default'));
}

const firewall = (world: RealWorld, ...words: readonly string[]): Promise<string> =>
  obey(world.vm('vm1'), ['firewall', ...words]);
