/**
 * Rule: balancers — in the end each kernel balances as its view says, over those that serve and no
 * other, and has ended what drains; and no member has an address of a balancer.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { addressesOf } from '../src/services/lb/addresses.ts';
import { backendsOf, balancersOf } from '../src/services/lb/balancers.ts';
import { type Target, targetsOf } from '../src/services/lb/checks.ts';
import { placeKey } from '../src/services/lb/choice.ts';
import { diff } from '../src/services/lb/diff.ts';
import { LEFT } from '../src/services/lb/endings.ts';
import { sightOf, VM_SILENT } from '../src/services/lb/health.ts';
import { wordsOf } from '../src/services/lb/outcomes.ts';
import { plan } from '../src/services/lb/plan.ts';
import { probes } from '../src/services/lb/probes.ts';
import { read } from '../src/services/lb/read.ts';
import { type LbObserved, TABLE_UNDO } from '../src/services/lb/state.ts';
import { tableIn, viewerOf } from '../src/services/lb/viewer.ts';
import { wayName } from '../src/services/lb/ways.ts';
import type { Sights } from '../src/services/loop.ts';
import type { Results, Self } from '../src/services/service.ts';
import { LB_TABLE } from './balance.ts';
import { asMoved, withoutLeft } from './balance-left.ts';
import type { Look } from './invariant.ts';
import { selfOf } from './invariant-firewall.ts';
import type { Machine } from './machine.ts';
import { runNft } from './nft-command.ts';

/** Looks at the balancer's table of every kernel. */
export const lookAtBalancers = (): Look => ({
  whole: (members) =>
    members.flatMap((each) => [...flawsOf(each, members), ...taken(each, members)]),
});

type View = Parameters<typeof plan>[0];

function flawsOf(machine: Machine, members: readonly Machine[]): readonly string[] {
  const { name, kernel, node } = machine;
  if (node === null) return [`${name} has no daemon`];
  const view = node.replica.view();
  const objects = kernel.tables.get(LB_TABLE);
  if (objects === undefined) {
    return balancersOf(view).balancers.length === 0 ? [] : [`${name} balances nothing`];
  }
  const servers = members.map((each) => each.kernel.servers);
  const last = looked.get(objects);
  const isSame = last?.servers.every((each, index) => each === servers[index]) === true;
  if (last?.view === view && isSame && last.servers.length === servers.length) return last.flaws;
  const flaws = freshFlaws({ name, kernel, self: node.self, view }, members);
  looked.set(objects, { view, servers, flaws });
  return flaws;
}

/** What was found of a table last: nothing of it changes, most of the time. */
const looked = new WeakMap<
  readonly object[],
  { readonly view: View; readonly servers: readonly unknown[]; readonly flaws: readonly string[] }
>();

interface Place extends Pick<Machine, 'name' | 'kernel'> {
  readonly self: MemberId;
  readonly view: View;
}

function freshFlaws(
  { name, kernel, self: id, view }: Place,
  members: readonly Machine[],
): readonly string[] {
  const byId = new Map(members.map((each) => [each.node?.self, each]));
  const before = { ...selfOf(kernel, id), made: new Set([TABLE_UNDO]) };
  const observed = tableOf(kernel, before, view);
  const { wasDown } = viewerOf(before, tableIn(observed));
  const sights = new Map([...healthIn(view, byId, wasDown), ...overIn(view)]);
  const self = { ...before, sights };
  return differences(observed, self, view).map((each) => `${name}: balancer: ${each}`);
}

const DEAD = sightOf({ state: 'down', why: VM_SILENT });

/**
 * How each backend is in truth; who is not there is found to be dead. Where nothing is checked it
 * is the failure detector that finds it, and whom nobody ever met it may try after the run: then
 * the table may have it either way, and all else has to fit.
 */
const healthIn = (
  view: View,
  byId: ReadonlyMap<MemberId | undefined, Machine>,
  wasDown: ReadonlySet<string> | undefined,
): Sights => {
  const hosts = hostsIn(view);
  return new Map(
    targetsOf(view).map((target) => {
      const { key, member, check, port } = target;
      const machine = byId.get(member);
      if (machine !== undefined) return [key, truth(machine, target)];
      const isFound = check.kind !== 'none' || wasDown?.has(placeKey(hosts.get(member), port));
      return [key, isFound === true ? DEAD : 'up'];
    }),
  );
};

const hostsIn = (view: View): ReadonlyMap<MemberId, unknown> =>
  new Map(
    balancersOf(view)
      .balancers.flatMap((balancer) => backendsOf(view, balancer))
      .map(({ member: { id, ipv4, ipv6 } }) => [id, ipv4 ?? ipv6]),
  );

/** How a program serves in truth, as a probe of that kind would tell. */
const truth = ({ kernel: { servers } }: Machine, { check, port }: Target): string => {
  const how = servers?.get(port);
  const isUp =
    how === 'well' || check.kind === 'none' || (how === 'failing' && check.kind === 'tcp');
  if (isUp) return 'up';
  const outcome = how === undefined ? 'refused' : how === 'hung' ? 'silent' : 'status 503';
  return sightOf({ state: 'down', why: wordsOf(outcome) });
};

/** Whoever drains has had its time. */
const overIn = (view: View): Sights => {
  const { balancers } = balancersOf(view);
  const over = balancers.flatMap((balancer) => {
    const addresses = addressesOf(view).get(balancer.name);
    if (addresses === undefined) return [];
    return backendsOf(view, balancer)
      .filter(({ isDraining }) => isDraining)
      .map(({ member }) => [wayName(addresses, balancer, member), ''] as const);
  });
  // What the last balancer left may run: a daemon knows that by itself.
  return new Map(balancers.length === 0 ? [[LEFT, '']] : over);
};

function tableOf(kernel: Machine['kernel'], self: Self, view: View): LbObserved {
  const results: Record<string, Results[string]> = {};
  for (const probe of probes(self, view, results)) {
    if (!('argv' in probe)) continue;
    results[probe.name] = runNft(kernel, probe.argv.slice(1), probe.stdin ?? '');
  }
  return asMoved(read(results, self, null).state);
}

function differences(observed: LbObserved, self: Self, view: View): readonly string[] {
  const desired = plan(view, self, observed).state;
  return diff(desired, withoutLeft(view, desired, observed)).flatMap((command) =>
    command.kind === 'run' ? (command.found ?? ['something']) : [],
  );
}

/** Addresses of balancers of this VM's view that a VM has. */
const taken = ({ name, node }: Machine, members: readonly Machine[]): readonly string[] => {
  const virtual = new Set(
    node === null
      ? []
      : [...addressesOf(node.replica.view()).values()].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]),
  );
  return members.flatMap((other) =>
    [...other.kernel.devices.values()]
      .flatMap(({ addresses }) => addresses)
      .filter((address) => virtual.has(address.split('/')[0] ?? ''))
      .map((address) => `${other.name} has ${address}, which is a balancer's for ${name}`),
  );
};
