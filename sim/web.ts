/**
 * Edge: web — a mesh of five VMs, four of which serve, and a balancer over these: what tests of
 * health and drain begin with.
 */
import { found } from '../scenarios/mesh.ts';
import type { View } from '../src/crdt/view.ts';
import { addressesOf } from '../src/services/lb/addresses.ts';
import { type Aim, placesOf, wayOut } from './balance.ts';
import type { Bug } from './bugs.table.ts';
import type { Serving } from './kernel.ts';
import { type Editions, openRoom, type Room } from './room.ts';
import { ask, eventually, machineOf, openWorld } from './world.ts';

/** At which backends serve, and at which the balancer listens. */
export const PORT = 8080;
const LISTENED = 80;
export const BACKENDS = ['vm2', 'vm3', 'vm4', 'vm5'] as const;
export const ALL: readonly string[] = ['vm1', ...BACKENDS];

/** All of them but these. */
export const without = (...gone: readonly string[]): readonly string[] =>
  BACKENDS.filter((vm) => !gone.includes(vm));

/** The VMs of a seed, and what is done to them. */
export function openWeb(seed: number, bug: Bug | null = null, editions?: Editions) {
  const room = openRoom({
    seed,
    vms: ALL.length,
    bug,
    ...(editions === undefined ? {} : { editions }),
  });
  const world = openWorld(room, `sim seed ${seed}`);
  /** How the program of a VM serves from now on; null: it does not run. */
  const serve = (vm: string, serving: Serving | null): void => {
    const { servers } = machineOf(room, vm).kernel;
    if (serving === null) servers?.delete(PORT);
    else servers?.set(PORT, serving);
  };
  for (const vm of ALL) machineOf(room, vm).kernel.servers = new Map();
  for (const vm of BACKENDS) serve(vm, 'well');
  const ids = new Map<string, string>();
  /** A verb of the balancer's, by vm1's operator. */
  const tell = (verb: string, given: object): Promise<unknown> =>
    ask(room, 'vm1', {
      method: 'POST',
      path: `/v1/services/lb/${verb}`,
      body: { arguments: given },
    });
  const set = async (wish: object = {}): Promise<void> => {
    await found(world, ALL);
    for (const vm of ALL) {
      ids.set(machineOf(room, vm).node?.self ?? '', vm);
      if (vm !== 'vm1') await world.label('vm1', vm, ['role=web']);
    }
    const web = { name: 'web', listen: `${LISTENED}`, to: [`role=web:${PORT}`] };
    await tell('create', { ...web, check: 'http:/health', ...wish });
  };
  const { aimOf, ownerOf, used } = openSight(room, ids);
  const sends = (what: string, by: readonly string[], to: readonly string[], withinMs: number) =>
    eventually(
      room,
      `${what}: ${by.join()} to ${to.join()}`,
      async () => by.every((vm) => used(vm) === to.filter((each) => each !== vm).join(' ')),
      withinMs,
    );
  return { room, world, serve, set, tell, aimOf, ownerOf, used, sends };
}

/** An address of nobody in the mesh: who asks from there was never sent anywhere before. */
const NEWCOMER = '198.51.100.1';

/** Where connections go; `ids`: of members, with their VMs. */
function openSight(room: Room, ids: ReadonlyMap<string, string>) {
  /** The view that a VM has, or vm1 where it has no daemon. */
  const viewAt = (vm: string): View | undefined =>
    (machineOf(room, vm).node ?? machineOf(room, 'vm1').node)?.replica.view();
  /** What a client on a VM connects to; null while there is none. */
  const aimOf = (vm: string): Aim | null => {
    const view = viewAt(vm);
    const to = view === undefined ? undefined : addressesOf(view).get('web')?.ipv4;
    return typeof to === 'string' ? { to, port: LISTENED } : null;
  };
  /** The VM that has an address. */
  const ownerOf = (address: string): string | undefined => {
    const members = viewAt('vm1')?.members ?? [];
    return ids.get(members.find(({ ipv4 }) => ipv4 === address)?.id ?? '');
  };
  /** To whom a VM's kernel sends connections of clients that are new to it. */
  const used = (vm: string): string => {
    const aim = aimOf(vm);
    const { kernel } = machineOf(room, vm);
    const way = aim === null ? null : wayOut(kernel, aim, NEWCOMER);
    const places = way === null ? [] : placesOf(kernel, way);
    return places
      .map((place) => place.split(' '))
      .flatMap(([host = '', port]) => (port === `${PORT}` ? (ownerOf(host) ?? []) : []))
      .toSorted()
      .join(' ');
  };
  return { aimOf, ownerOf, used };
}
