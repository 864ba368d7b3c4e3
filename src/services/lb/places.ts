/**
 * Rule: lb places — where a balancer's backends serve: address, protocol and port, as sets of the
 * table have them.
 */
import { concat, type Expression, PROTOCOL_NUMBERS } from '../nft/tables.ts';
import type { Balancer } from './balancers.ts';
import type { Target } from './dispatch.ts';
import type { Family } from './own-table.ts';

/**
 * A range up to this is an element for each port: to look up ranges takes several times as long as
 * to look up values.
 */
const EXACT_PORTS_MAX = 256;

/** Its ports are kept as a range. */
export const isRange = ({ ports }: Balancer['listen']): boolean =>
  ports[1] - ports[0] >= EXACT_PORTS_MAX;

/** The types of a place's parts. */
export const placeType = ({ type }: Family): readonly string[] => [
  ...[type, 'inet_proto', 'inet_service'],
];

/** The places of a family; of wide ranges none. */
export const placesOf = (
  { address }: Family,
  { listen, port }: Pick<Balancer, 'listen' | 'port'>,
  targets: readonly Pick<Target, 'ipv4' | 'ipv6'>[],
): readonly Expression[] => {
  const [first, last] = listen.ports;
  const count = isRange(listen) ? 0 : last - first + 1;
  const ports = Array.from({ length: count }, (_, at) => port + at);
  return targets.flatMap((target) => {
    const host = target[address];
    if (host === null) return [];
    return ports.map((each) => concat(host, PROTOCOL_NUMBERS[listen.protocol], each));
  });
};
