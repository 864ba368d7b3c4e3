/**
 * Rule: lb frontends — which balancers have their port at this VM's other addresses, and which do
 * not though operators want it.
 *
 * 1. Nobody loses a port that they have: not a program of this VM, not another balancer, not the
 *    mesh. The balancer stays reachable at its virtual address.
 * 2. Of two balancers that want the same port the first by name has it.
 */
import type { View } from '../../crdt/view.ts';
import type { PortRange } from '../schema-parts.ts';
import type { Problem, Self } from '../service.ts';
import { type Balancer, balancersOf, frontendsOf } from './balancers.ts';
import { isInTheWay, type Listener } from './listeners.ts';
import type { Own } from './state.ts';

/** Balancers by their names, and of the others why not. */
export interface Frontends {
  readonly names: ReadonlySet<string>;
  /** By the balancer's path. */
  readonly withheld: ReadonlyMap<string, Problem>;
}

/** Balancers that are to listen here at other addresses as well. */
export const wishedHere = (view: View, self: Pick<Self, 'id'>): readonly Balancer[] =>
  balancersOf(view).balancers.filter((each) => frontendsOf(view, each).has(self.id));

/** Which of them can. `listeners`: null where they cannot be listed. */
export const frontendsHere = (
  wished: readonly Balancer[],
  { port }: Pick<Self, 'port'>,
  own: Own,
  listeners: readonly Listener[] | null,
): Frontends => {
  const names = new Set<string>();
  const withheld = new Map<string, Problem>();
  const taken: Balancer[] = [];
  for (const balancer of wished) {
    const why =
      meshWhy(balancer, port) ?? otherWhy(balancer, taken) ?? programWhy(balancer, own, listeners);
    if (why === null) {
      names.add(balancer.name);
      taken.push(balancer);
    } else withheld.set(balancer.path, `${why}; the virtual address works`);
  }
  return { names, withheld };
};

const meshWhy = ({ listen }: Balancer, port: number): Problem | null =>
  holds(listen.ports, port)
    ? `port ${port} of this VM is the mesh's own: listen at another one`
    : null;

const otherWhy = ({ listen }: Balancer, taken: readonly Balancer[]): Problem | null => {
  const other = taken.find(
    (each) =>
      each.listen.protocol === listen.protocol &&
      each.listen.ports[0] <= listen.ports[1] &&
      listen.ports[0] <= each.listen.ports[1],
  );
  return other === undefined
    ? null
    : `balancer ${other.name} has ${portsText(listen)} of this VM: listen at another port`;
};

const programWhy = (
  { listen }: Balancer,
  own: Own,
  listeners: readonly Listener[] | null,
): Problem | null => {
  if (listeners === null) {
    return (
      'ss: it does not list who has ports of this VM; ' +
      'install the package iproute2 (dnf: iproute)'
    );
  }
  const other = listeners.find(
    (each) =>
      each.protocol === listen.protocol && holds(listen.ports, each.port) && isInTheWay(each, own),
  );
  if (other === undefined) return null;
  const who = other.program ?? 'a program of another user';
  const instead = own.ipv4 ?? own.ipv6;
  return (
    `${listen.protocol}/${other.port} of this VM: ${who} has it; ` +
    `stop it, or have it listen at ${instead} alone`
  );
};

const holds = ([first, last]: PortRange, port: number): boolean => first <= port && port <= last;

const portsText = ({ protocol, ports: [first, last] }: Balancer['listen']): string =>
  first === last ? `${protocol}/${first}` : `${protocol}/${first}-${last}`;
