/**
 * Rule: haproxy plan — what HAProxy should carry here, and at which local ports.
 *
 * 1. A balancer keeps its port as long as HAProxy runs; a new one gets the lowest that is free, in
 *    the order of names. So does the port by which its workers tell each other; a new one is the
 *    highest.
 * 2. Where clients stay with their backends a reload is put off until HAProxy has learned who stays
 *    where, or given up: until then a worker that goes tells the next nothing. It takes no time, or
 *    5 s after a start, and 10 s after a worker that told nothing.
 */
import { isLoaded } from './haproxy-config.ts';
import { LOCAL_PORTS } from './haproxy-read.ts';
import type {
  PlacedBalancer,
  ProxyBalancer,
  ProxyDesired,
  ProxyObserved,
  RunningProxy,
} from './haproxy-state.ts';

/** Most ports of one balancer: each takes a local one. */
export const RANGE_MAX = 64;

/** What should be, and what cannot be: why, by names of balancers. */
export interface ProxyPlan {
  readonly desired: ProxyDesired;
  readonly withheld: ReadonlyMap<string, string>;
  /** Balancers that it has only once it is reloaded, which is put off. */
  readonly awaited: ReadonlySet<string>;
}

/** Plans. `own`: this VM's mesh addresses, null where it has none. */
export const planProxy = (
  balancers: readonly ProxyBalancer[],
  own: { readonly ipv4: string | null; readonly ipv6: string },
  observed: ProxyObserved,
): ProxyPlan => {
  const seen = observed.kind === 'silent' && observed.before !== null ? observed.before : observed;
  if (seen.kind !== 'absent' && seen.kind !== 'running') {
    const why = seen.kind === 'silent' ? seen.why : NO_TOOL;
    const withheld = new Map(balancers.map(({ name }) => [name, why]));
    return { desired: NO_PROXY, withheld, awaited: new Set() };
  }
  const { hasIpv6 } = seen.place;
  const hosts = [...(own.ipv4 === null ? [] : [own.ipv4]), ...(hasIpv6 ? [own.ipv6] : [])];
  return place(hosts, balancers, seen);
};

/** Nothing is balanced. */
export const NO_PROXY: ProxyDesired = {
  ...{ hosts: [], balancers: [], peerPort: null },
  isPutOff: false,
};

const NO_TOOL =
  'needs haproxy, which is not on this VM; install the package haproxy: that is noticed by itself';

const place = (
  hosts: readonly string[],
  balancers: readonly ProxyBalancer[],
  observed: ProxyObserved & { readonly kind: 'absent' | 'running' },
): ProxyPlan => {
  const proxies = observed.kind === 'running' ? observed.proxies : new Map();
  const used = new Set(observed.place.taken);
  const withheld = new Map<string, string>();
  const kept = new Map<string, number>();
  const peerPort = peerPortOf(observed);
  const claimed = new Set(peerPort === null ? [] : [peerPort]);
  const block = ({ ports }: ProxyBalancer, first: number): readonly number[] =>
    Array.from({ length: ports[1] - ports[0] + 1 }, (_, index) => first + index);
  for (const balancer of balancers) {
    const first: number | undefined = proxies.get(balancer.name)?.localPort;
    const ports = first === undefined ? [] : block(balancer, first);
    if (first === undefined || ports.some((port) => claimed.has(port))) continue;
    for (const port of ports) claimed.add(port);
    kept.set(balancer.name, first);
  }
  const placed = balancers.flatMap((balancer): readonly PlacedBalancer[] => {
    const size = balancer.ports[1] - balancer.ports[0] + 1;
    if (size > RANGE_MAX) {
      const why = `haproxy carries at most ${RANGE_MAX} ports of one balancer, not ${size}`;
      withheld.set(balancer.name, `${why}; use another mode, or fewer ports`);
      return [];
    }
    const isFree = (port: number): boolean => !used.has(port) && !claimed.has(port);
    const localPort = kept.get(balancer.name) ?? lowest((at) => block(balancer, at), isFree);
    if (localPort === null) {
      const { first, last } = LOCAL_PORTS;
      withheld.set(balancer.name, `no local port of ${first} to ${last} is free for haproxy`);
      return [];
    }
    for (const port of block(balancer, localPort)) claimed.add(port);
    return [{ ...balancer, localPort }];
  });
  const wanted = { hosts, balancers: placed, peerPort };
  const isPutOff = observed.kind === 'running' && !isTimely(wanted, observed);
  const awaited = placed.map(({ name }) => name).filter((name) => isPutOff && !proxies.has(name));
  return { desired: { ...wanted, isPutOff }, withheld, awaited: new Set(awaited) };
};

/** Whether nobody loses by a reload, or it needs none. */
const isTimely = (wanted: Omit<ProxyDesired, 'isPutOff'>, running: RunningProxy): boolean => {
  const { hasLearned, peerPort, proxies } = running;
  if (hasLearned || peerPort === null) return true;
  const mayStay = wanted.balancers.some(
    ({ name, stickyMs }) => stickyMs !== null && proxies.has(name),
  );
  return !mayStay || isLoaded(wanted, running);
};

const peerPortOf = (
  observed: ProxyObserved & { readonly kind: 'absent' | 'running' },
): number | null => {
  if (observed.kind === 'running' && observed.peerPort !== null) return observed.peerPort;
  for (let port: number = LOCAL_PORTS.last; port >= LOCAL_PORTS.first; port -= 1) {
    if (!observed.place.taken.has(port)) return port;
  }
  return null;
};

const lowest = (
  blockAt: (first: number) => readonly number[],
  isFree: (port: number) => boolean,
): number | null => {
  for (let first: number = LOCAL_PORTS.first; ; ) {
    const ports = blockAt(first);
    if ((ports.at(-1) ?? first) > LOCAL_PORTS.last) return null;
    const taken = ports.findLast((port) => !isFree(port));
    if (taken === undefined) return first;
    first = taken + 1;
  }
};
