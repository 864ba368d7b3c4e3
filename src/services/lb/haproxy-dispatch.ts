/**
 * Rule: haproxy dispatch — balancers of HAProxy on this VM: to which backends it spreads them, and
 * how connections reach it.
 *
 * To the table of nft, HAProxy is the one backend of such a balancer: at this VM's own address, at
 * a local port. So it sees who connects, and backends see this VM. What HAProxy has only once it is
 * reloaded, nft carries in turn until then.
 */
import type { View } from '../../crdt/view.ts';
import type { Problem } from '../service.ts';
import { addressesOf } from './addresses.ts';
import { type Balancer, balancersOf, engineOf } from './balancers.ts';
import { chooseBackends, type Viewer } from './choice.ts';
import { type Dispatch, dispatchOf } from './dispatch.ts';
import { planProxy } from './haproxy-plan.ts';
import type {
  PlacedBalancer,
  ProxyBackend,
  ProxyBalancer,
  ProxyDesired,
  ProxyObserved,
} from './haproxy-state.ts';
import type { Own } from './state.ts';
import { leftWays } from './ways.ts';

/** What HAProxy comes to here. */
export interface ProxyDispatches {
  readonly proxy: ProxyDesired;
  /** For the table of nft. */
  readonly dispatches: readonly Dispatch[];
  /** By path: what is not as it is wanted, and why. */
  readonly withheld: ReadonlyMap<string, Problem>;
}

/** The balancers of a view that HAProxy carries. */
export const proxiedOf = (view: View): readonly Balancer[] =>
  balancersOf(view).balancers.filter((balancer) => engineOf(balancer) === 'haproxy');

/** What a view comes to here, as far as HAProxy is concerned. */
export const proxyDispatchesOf = (
  view: View,
  self: Viewer,
  own: Own,
  observed: ProxyObserved,
): ProxyDispatches => {
  const wanted = proxiedOf(view).map((balancer) => ({
    balancer,
    ...proxiedBalancer(view, self, balancer),
  }));
  const { desired, withheld, awaited } = planProxy(
    wanted.map(({ proxied }) => proxied),
    own,
    observed,
  );
  const placed = new Map(desired.balancers.map((each) => [each.name, each]));
  const addresses = addressesOf(view);
  return {
    proxy: desired,
    dispatches: wanted.flatMap(({ balancer, isPanic }): readonly Dispatch[] => {
      const place = placed.get(balancer.name);
      const virtual = addresses.get(balancer.name);
      if (virtual === undefined) return [];
      if (awaited.has(balancer.name)) return [dispatchOf(view, self, inTurn(balancer), virtual)];
      const target = { member: self.id, ipv4: own.ipv4, ipv6: own.ipv6, weight: 1 };
      const isServed = place?.backends.some(({ state }) => state === 'ready') === true;
      return [
        {
          balancer: place === undefined ? balancer : asReached(balancer, place),
          addresses: virtual,
          isFrontend: false,
          ...{ down: [], ended: [], running: [] },
          // Without a backend it is refused at once, and not first accepted.
          targets: isServed ? [target] : [],
          isPanic,
        },
      ];
    }),
    withheld: new Map(
      wanted.flatMap(({ balancer: { name, path } }) => {
        const why = withheld.get(name);
        return why === undefined ? [] : [[path, why] as const];
      }),
    ),
  };
};

const proxiedBalancer = (
  view: View,
  self: Viewer,
  balancer: Balancer,
): { readonly proxied: ProxyBalancer; readonly isPanic: boolean } => {
  const { name, mode, listen, port, stickyMs } = balancer;
  const { choices, isPanic } = chooseBackends(view, self, balancer);
  // HAProxy's `drain` takes who stays with it; `maint` leaves what runs alone as well.
  const drained = stickyMs === undefined ? 'draining' : 'out';
  const backends = choices.map(
    ({ member: { ipv4, ipv6 }, weight, isDraining, isUsed, isEnded }): ProxyBackend => ({
      address: ipv4 ?? ipv6,
      ...{ weight, state: isUsed ? 'ready' : isDraining && !isEnded ? drained : 'out' },
      ...(isEnded ? { isEnded } : {}),
    }),
  );
  const virtual = addressesOf(view).get(name)?.ipv6;
  const left = leftWays(view, self.sights)
    .filter((way) => way.virtual.ipv6 === virtual)
    .map(({ backend }) => backend.ipv4 ?? backend.ipv6);
  const proxied: ProxyBalancer = {
    ...{ name, mode, ports: listen.ports, port, stickyMs: stickyMs ?? null, backends },
    ...(left.length === 0 ? {} : { left }),
  };
  return { proxied, isPanic };
};

/** The balancer with the port of HAProxy instead of that of its backends. */
const asReached = (balancer: Balancer, { localPort }: PlacedBalancer): Balancer => {
  const known = reached.get(balancer);
  if (known?.port === localPort) return known;
  const { stickyMs: _, ...rest } = balancer;
  const made: Balancer = { ...rest, port: localPort, mode: 'roundrobin', engine: 'haproxy' };
  reached.set(balancer, made);
  return made;
};

/** The balancer as nft can carry it. */
const inTurn = (balancer: Balancer): Balancer => {
  const known = taken.get(balancer);
  if (known !== undefined) return known;
  const made: Balancer = { ...balancer, mode: 'roundrobin', engine: 'nft' };
  taken.set(balancer, made);
  return made;
};

/** The same objects as long as nothing changes, by which their chains are remembered. */
const [reached, taken] = [new WeakMap<Balancer, Balancer>(), new WeakMap<Balancer, Balancer>()];
