/**
 * Rule: backends — in the midst of trouble each kernel sends what is new to those that serve and to
 * no other, where its own view has a balancer and nowhere else, and ends nothing before its time;
 * but for as long as it may take to find out.
 *
 * What anybody says counts for nothing here: only what is true of the programs and the tunnels, and
 * the table that the kernel holds.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { addressesOf } from '../src/services/lb/addresses.ts';
import {
  type Backend,
  type Balancer,
  backendsOf,
  balancersOf,
} from '../src/services/lb/balancers.ts';
import { keysIn, LB_TABLE, openDraw, placesOf, send, wayOut } from './balance.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Kernel } from './kernel.ts';
import type { Machine } from './machine.ts';

/** Looks in a row, each 15 s after the last, at which the same must be wrong: over a minute. */
const LOOKS = 5;
const INTERFACE = 'cnsmo0';
/** An address of nobody: who asks from there was never sent anywhere before. */
const NEWCOMER = '198.51.100.1';
/** And of one who asks at every look, and so is remembered where clients are. */
const REGULAR = '198.51.100.2';

/** Looks at the kernels of all VMs whose daemons run. */
export function lookAtBackends(scene: Scene): Look {
  const eye: Eye = { scene, draw: openDraw(() => 0.5), numberOf: openNumbers(), openMs: new Map() };
  let wrong = new Map<string, number>();
  return {
    always: () => {
      const now = machinesOf(scene).flatMap((machine) => wrongAt(eye, machine));
      wrong = new Map(now.map((words) => [words, (wrong.get(words) ?? 0) + 1]));
      return [...wrong].flatMap(([words, looks]) => (looks < LOOKS ? [] : [words]));
    },
  };
}

interface Eye {
  readonly scene: Scene;
  readonly draw: ReturnType<typeof openDraw>;
  /** Programs are others after each change. */
  readonly numberOf: (servers: object) => number;
  /** When a daemon was last seen to take a backend for one that does not drain, virtual ms. */
  readonly openMs: Map<string, number>;
}

function openNumbers(): Eye['numberOf'] {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return (servers) => {
    const known = numbers.get(servers);
    if (known !== undefined) return known;
    last += 1;
    numbers.set(servers, last);
    return last;
  };
}

/** What is wrong here now, in words that say the same as long as nothing changes. */
function wrongAt(eye: Eye, here: Machine): readonly string[] {
  const { node, daemon, kernel, tools } = here;
  if (node === null || daemon === null || daemon.isPaused() || tools.failing > 0) return [];
  const view = node.replica.view();
  const isMember = view.members.some(({ id, hasLeft }) => id === node.self && !hasLeft);
  const balancers = isMember ? balancersOf(view).balancers : [];
  if (!kernel.tables.has(LB_TABLE)) {
    return balancers.length === 0 ? [] : [`${daemon.name} balances nothing`];
  }
  const doors = balancers.flatMap((balancer): readonly Door[] => {
    const to = addressesOf(view).get(balancer.name)?.ipv4 ?? null;
    if (to === null) return [];
    const backends = backendsOf(view, balancer).filter(
      ({ member }) => member.id !== node.self || balancer.includesSelf === true,
    );
    return [{ eye, here, self: node.self, balancer, to, backends }];
  });
  const known = new Set(doors.map(({ to, balancer }) => `${to} ${balancer.listen.ports[0]}`));
  return [
    ...keysIn(kernel, 'services4')
      .filter(([to, , port]) => !known.has(`${to} ${port}`))
      .map(([to, , port]) => `balances at ${to} ${port}, where its view has nothing`),
    ...doors.flatMap(wrongBehind),
  ].map((words) => `${daemon.name} ${words}`);
}

/** A balancer as a VM has it, whose own id is `self`. */
interface Door {
  readonly eye: Eye;
  readonly here: Machine;
  readonly self: MemberId;
  readonly balancer: Balancer;
  readonly to: string;
  readonly backends: readonly Backend[];
}

function wrongBehind(door: Door): readonly string[] {
  const { eye, here, balancer, to, backends } = door;
  const { name, port, listen } = balancer;
  const protocol = listen.protocol === 'udp' ? 17 : 6;
  const aim = { to, port: listen.ports[0], protocol };
  const places = new Set(placesOf(here.kernel, wayOut(here.kernel, aim, NEWCOMER)));
  const fate = send(here.kernel, wayOut(here.kernel, aim, REGULAR), eye.draw);
  const regular = fate.kind === 'sent' ? `${fate.to} ${fate.port}` : fate.kind;
  const all = backends.map((backend) => ({ backend, truth: truthOf(door, backend) }));
  const open = all.filter(({ backend }) => !backend.isDraining);
  const served = open.filter(({ truth }) => truth.state === 'serves');
  // It may take them all for down, and then uses all.
  const isPanic = served.length * 2 < open.length;
  const refused = [
    ...(places.has('refused') && places.size > 1 ? [`refuses some that are new to ${name}`] : []),
    ...(places.has('refused') || regular !== 'refused' ? [] : [`refuses one known to ${name}`]),
  ];
  const wrong = all.flatMap(({ backend, truth }) => {
    const { member, isDraining } = backend;
    const place = `${member.ipv4} ${port}`;
    const isNew = places.has(place);
    const isUsed = isNew || regular === place;
    const whom = `${member.name} of ${name}`;
    const early = endsEarly(door, backend) && truth.state === 'serves';
    return [
      ...(isDraining && isUsed ? [`sends to ${whom}, which drains`] : []),
      ...(early ? [`ended what ${whom} has before its time`] : []),
      ...(!isDraining && !isNew && truth.state === 'serves'
        ? [`goes without ${whom}, which serves (${truth.since})`]
        : []),
      ...(!isDraining && isUsed && truth.state === 'dead' && !isPanic
        ? [`sends to ${whom}, which is dead (${truth.since})`]
        : []),
    ];
  });
  return [...refused, ...wrong];
}

/** Whether what a backend has is ended before its time is over, as this daemon counts. */
function endsEarly({ eye, here, balancer, to }: Door, { member, isDraining }: Backend): boolean {
  const key = `${here.daemon?.name} ${to} ${member.ipv4}`;
  const nowMs = here.kernel.nowMs();
  if (!isDraining) eye.openMs.set(key, nowMs);
  const sinceMs = eye.openMs.get(key) ?? Number.NEGATIVE_INFINITY;
  if (nowMs >= sinceMs + balancer.drainMs) return false;
  return keysIn(here.kernel, 'ended4').some(([at, of]) => at === to && of === member.ipv4);
}

/** How a backend is in truth, as a probe from here must find. `since`: the last change. */
interface Truth {
  readonly state: 'serves' | 'dead' | 'unsure';
  readonly since: string;
}

const UNSURE: Truth = { state: 'unsure', since: '' };

function truthOf({ eye, here, self, balancer }: Door, { member }: Backend): Truth {
  const { scene, numberOf } = eye;
  const { check, port } = balancer;
  const { id, ipv4 } = member;
  const owners = machinesOf(scene).filter(({ kernel }) => hasAddress(kernel, ipv4));
  const [there] = owners;
  // Of what nobody checks no more is known than what others think. Whoever has a key may lie.
  if (check.kind === 'none' || owners.length > 1 || scene.storm.room.hall.hostile.has(id)) {
    return UNSURE;
  }
  if (there === undefined) return { state: 'dead', since: 'gone' };
  const { servers, cuts } = there.kernel;
  const how = servers?.get(port);
  const isUp = how === 'well' || (how === 'failing' && check.kind === 'tcp');
  const since = `${cuts}.${servers === null ? 0 : numberOf(servers)}`;
  if (!isUp) return { state: 'dead', since };
  return id === self || isReached(scene, here, there) ? { state: 'serves', since } : UNSURE;
}

const hasAddress = ({ devices }: Kernel, address: string | null): boolean =>
  devices.get(INTERFACE)?.addresses.some((each) => each.split('/')[0] === address) === true;

/** Whether both hold one session, and packets pass both ways. */
function isReached({ storm: { room } }: Scene, here: Machine, there: Machine): boolean {
  const [a, b] = [here.kernel.station, there.kernel.station];
  if (!room.underlay.passes(a, b) || !room.underlay.passes(b, a)) return false;
  const [own, other] = [here, there].map(({ kernel }) => kernel.devices.get(INTERFACE));
  const to = own?.peers.get(other?.publicKey ?? '');
  const back = other?.peers.get(own?.publicKey ?? '');
  const isUp = own?.isUp === true && other?.isUp === true;
  const session = to?.session ?? null;
  return isUp && session !== null && session.id === back?.session?.id;
}
