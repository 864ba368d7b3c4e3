/**
 * Rule: mesh — when all trouble is over, all that run are ready and reach each other, as their
 * local API says it.
 */
import { isPresent } from '../scenarios/mesh.ts';
import type { MemberRow, StatusReport } from '../scenarios/world.ts';
import type { InviteId } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import type { Look, Scene } from './invariant.ts';
import { call, type Machine } from './machine.ts';
import type { Room } from './room.ts';
import type { Storm } from './storm.ts';

interface Account {
  readonly machine: Machine;
  readonly status: StatusReport & {
    readonly services: readonly { readonly name: string; readonly state: string }[];
  };
}

/** Looks at what daemons say of themselves. */
export const lookAtMesh = (scene: Scene): Look => ({
  whole: async (members) => {
    const { room } = scene.storm;
    const accounts = await Promise.all(members.map((machine) => account(room, machine)));
    const [first] = accounts;
    if (first === undefined) return ['nobody runs'];
    const gone = new Set([...scene.storm.promised.leavers, ...ghosts(scene, first.machine)]);
    const unsettled = accounts.flatMap((one) => isUnsettled(one, members.length, gone));
    return [...unsettled, ...clashes(first, gone)];
  },
});

/** Whom a stolen token let in: nobody runs them. */
const ghosts = ({ storm, reader }: Scene, machine: Machine): readonly string[] =>
  reader
    .inMemory(machine)
    .flatMap(({ said }) => said)
    .filter(({ path, value }) => {
      const { invite } = (value ?? {}) as { readonly invite?: InviteId };
      return path.startsWith(ADMISSION) && invite !== undefined && isStolen(storm, invite);
    })
    .map(({ path }) => path.slice(ADMISSION.length));

const ADMISSION = trustPath('admission', '');

const isStolen = ({ promised }: Storm, invite: InviteId): boolean => promised.stolen.has(invite);

const account = async (room: Room, machine: Machine): Promise<Account> => ({
  machine,
  status: (await call(room, machine, { path: '/v1/status' })) as Account['status'],
});

function isUnsettled(
  { machine, status }: Account,
  size: number,
  gone: ReadonlySet<string>,
): readonly string[] {
  const isGhost = ({ id, state }: MemberRow): boolean =>
    gone.has(id) && (state === 'dead' || state === 'suspect');
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

/** Ghosts may have chosen one address twice; nobody else may be without one for that. */
function clashes({ status }: Account, gone: ReadonlySet<string>): readonly string[] {
  const present = status.members.filter((row) => isPresent(row) && !gone.has(row.id));
  const addresses = present.flatMap((row) => row.addresses);
  const isWhole = present.every((row) => row.addresses.length === 2);
  return [
    ...(new Set(addresses).size === addresses.length ? [] : [`addresses clash: ${addresses}`]),
    ...(isWhole ? [] : ['a member has no IPv4 address']),
  ];
}
