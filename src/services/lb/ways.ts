/**
 * Rule: lb ways — what leads from a balancer to a backend, by addresses alone: so it can be told of
 * a balancer, or of a backend, that is no more.
 */
import type { View } from '../../crdt/view.ts';
import type { Sights } from '../loop.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import { type Backend, type Balancer, backendsOf, balancersOf } from './balancers.ts';

/** From where a balancer is found to where a backend is. */
export interface Way {
  readonly virtual: Addresses;
  readonly protocol: Balancer['listen']['protocol'];
  /** At which the backend serves. */
  readonly ports: readonly [first: number, last: number];
  readonly backend: { readonly ipv4: string | null; readonly ipv6: string };
}

/** What of a balancer a way depends on. */
type Served = Pick<Balancer, 'listen' | 'port'>;

/** That to a backend of a balancer. */
export const wayTo = (
  virtual: Addresses,
  { listen, port }: Served,
  backend: Way['backend'],
): Way => ({
  ...{ virtual, protocol: listen.protocol, backend },
  ports: [port, port + listen.ports[1] - listen.ports[0]],
});

/** Its name in sights: there it means that what runs on it is to be ended. */
export const wayName = (virtual: Addresses, balancer: Served, backend: Way['backend']): string =>
  `${fromName(virtual, balancer)}${toName(backend)}`;

/** What of it is the balancer's. */
export const fromName = ({ ipv4, ipv6 }: Addresses, { listen, port }: Served): string => {
  const [first, last] = listen.ports;
  return `${MARK} ${ipv4 ?? NONE} ${ipv6} ${listen.protocol} ${port} ${port + last - first} `;
};
/** The rest of it: by where the backend is. */
export const toName = ({ ipv4, ipv6 }: Way['backend']): string => `${ipv4 ?? NONE} ${ipv6}`;

const MARK = 'over';
const NONE = '-';

const readWay = (name: string): Way | null => {
  const [mark, virtual4, virtual6, protocol, first, last, backend4, backend6] = name.split(' ');
  if (mark !== MARK || virtual6 === undefined || backend6 === undefined) return null;
  return {
    virtual: { ipv4: addressOf(virtual4), ipv6: virtual6 },
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    ports: [Number(first), Number(last)],
    backend: { ipv4: addressOf(backend4), ipv6: backend6 },
  };
};

const addressOf = (text = NONE): string | null => (text === NONE ? null : text);

/** Whether the time is over that a backend of a balancer has to end what it has. */
export const isOver = (
  view: View,
  sights: Sights,
  balancer: Balancer,
  backend: Backend['member'],
): boolean => {
  const virtual = addressesOf(view).get(balancer.name);
  return virtual !== undefined && sights.has(wayName(virtual, balancer, backend));
};

/** Ways whose time is over and that no balancer of now has. */
export const leftWays = (view: View, sights: Sights): readonly Way[] => {
  const over = overIn(sights);
  if (over.length === 0) return over;
  const addresses = addressesOf(view);
  const places = new Set(
    balancersOf(view).balancers.flatMap((balancer) =>
      backendsOf(view, balancer).map(({ member }) =>
        placeOf(addresses.get(balancer.name)?.ipv6, member.ipv6),
      ),
    ),
  );
  return over.filter(({ virtual, backend }) => !places.has(placeOf(virtual.ipv6, backend.ipv6)));
};

const placeOf = (virtual: string | undefined, backend: string): string => `${virtual} ${backend}`;

const overIn = (sights: Sights): readonly Way[] => {
  const over = known.get(sights) ?? [...sights.keys()].flatMap((name) => readWay(name) ?? []);
  known.set(sights, over);
  return over;
};

const known = new WeakMap<Sights, readonly Way[]>();
