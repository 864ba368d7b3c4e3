/**
 * Rule: checks — what must be true of a mesh when everybody can reach everybody again.
 *
 * Each check gives what is wrong, in words; nothing when all is well.
 */
import type { MemberRow, StatusReport } from '../scenarios/world.ts';
import { journalFlaws } from './journals.ts';
import { call, type Machine } from './machine.ts';
import type { Room } from './room.ts';

/** What was acknowledged and may therefore never be lost. */
export interface Promised {
  /** Ids, each with the VM that was told so. */
  readonly invites: Map<string, string>;
  readonly operators: Map<string, string>;
  /** Ids of members. */
  readonly members: Map<string, string>;
  /** Ids of members that began to leave: they may be gone, or seen dead where nobody heard it. */
  readonly leavers: Set<string>;
}

interface Account {
  readonly machine: Machine;
  readonly status: StatusReport & {
    readonly services: readonly { readonly name: string; readonly state: string }[];
  };
  readonly invites: readonly { readonly id: string }[];
}

/** Everything that is wrong with the mesh as a whole. */
export async function findFlaws(
  room: Room,
  machines: readonly Machine[],
  promised: Promised,
): Promise<readonly string[]> {
  const accounts = await Promise.all(machines.map((machine) => account(room, machine)));
  const [first] = accounts;
  if (first === undefined) return ['nobody runs'];
  const flaws = [
    ...accounts.flatMap((one) => differs(first, one)),
    ...accounts.flatMap((one) => isUnsettled(one, machines.length, promised)),
    ...accounts.flatMap((one) => hostFlaws(one)),
    ...accounts.flatMap((one) => broken(one, promised)),
    ...clashes(first),
  ];
  return flaws.length > 0 ? flaws : journalFlaws(room, machines);
}

async function account(room: Room, machine: Machine): Promise<Account> {
  const status = (await call(room, machine, { path: '/v1/status' })) as Account['status'];
  const invites = (await call(room, machine, { path: '/v1/invites' })) as Account['invites'];
  return { machine, status, invites };
}

const said = (row: MemberRow): string =>
  [row.id, row.name, row.role, row.state === 'left', ...row.addresses].join(' ');

function differs(first: Account, other: Account): readonly string[] {
  const view = ({ status, invites }: Account): string =>
    [...status.members.map(said), ...invites.map(({ id }) => id).toSorted()].join('\n');
  return view(first) === view(other)
    ? []
    : [`${other.machine.name} and ${first.machine.name} do not hold the same view`];
}

function isUnsettled(
  { machine, status }: Account,
  size: number,
  { leavers }: Promised,
): readonly string[] {
  const isGhost = ({ id, state }: MemberRow): boolean =>
    leavers.has(id) && (state === 'dead' || state === 'suspect');
  const ghosts = status.members.filter(isGhost).length;
  const troubled = status.services.filter(({ state }) => state !== 'ready');
  return [
    ...(status.self.ready ? [] : [`${machine.name} is not ready`]),
    ...troubled.map((service) => `${machine.name}: ${JSON.stringify(service)}`),
    ...(status.reachable === size && status.total === size + ghosts
      ? []
      : [`${machine.name} reaches ${status.reachable} of ${status.total}, not ${size}`]),
  ];
}

/** The host must be what the view says, no more and no less. */
function hostFlaws({ machine, status }: Account): readonly string[] {
  const device = machine.kernel.devices.get('cnsmo0');
  if (device === undefined) return [`${machine.name} has no interface`];
  const present = status.members.filter(({ state }) => state !== 'left');
  const others = present.filter(({ id }) => id !== status.self.id);
  const wanted = others.flatMap((row) => row.addresses).toSorted();
  const peers = [...device.peers.values()].flatMap((peer) => peer.allowedIps);
  const allowed = peers.map((prefix) => prefix.split('/')[0]).toSorted();
  const own = device.addresses.map((prefix) => prefix.split('/')[0]).toSorted();
  const name = machine.name;
  return [
    ...(allowed.join() === wanted.join() ? [] : [`${name} has peers ${allowed} for ${wanted}`]),
    ...(own.join() === status.self.addresses.toSorted().join()
      ? []
      : [`${name} has addresses ${own} for ${status.self.addresses}`]),
  ];
}

function broken({ machine, status, invites }: Account, promised: Promised): readonly string[] {
  const stays = (id: string): boolean => !promised.leavers.has(id);
  const ids = new Set(invites.map(({ id }) => id));
  const members = new Map(status.members.map((row) => [row.id, row]));
  const lost = [...promised.members.keys()].filter(stays).filter((id) => !members.has(id));
  const demoted = [...promised.operators.keys()]
    .filter(stays)
    .filter((id) => members.get(id)?.role !== 'operator');
  const gone = [...promised.invites.keys()].filter((id) => !ids.has(id));
  return [
    ...lost.map((id) => `${machine.name} lost the member ${id}`),
    ...demoted.map((id) => `${machine.name} lost the operator ${id}`),
    ...gone.map((id) => `${machine.name} lost the invite ${id}`),
  ];
}

function clashes({ status }: Account): readonly string[] {
  const present = status.members.filter(({ state }) => state !== 'left');
  const addresses = present.flatMap((row) => row.addresses);
  const isWhole = present.every((row) => row.addresses.length === 2);
  return [
    ...(new Set(addresses).size === addresses.length ? [] : [`addresses clash: ${addresses}`]),
    ...(isWhole ? [] : ['a member has no IPv4 address']),
  ];
}
