/**
 * Rule: lb counts — how many connections went to each backend, counted by its place as they leave.
 *
 * 1. A change of backends begins no count anew but that of who comes.
 * 2. Balancers that send to the same place share its count.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { ObservedTable } from '../nft/observed.ts';
import {
  concat,
  ct,
  elementsOf,
  has,
  is,
  keyText,
  meta,
  type NftRule,
  type NftSet,
  payload,
} from '../nft/tables.ts';
import type { Count } from '../service.ts';
import type { Balancer } from './balancers.ts';
import { rule } from './compile-balancer.ts';
import type { Dispatch, Target } from './dispatch.ts';
import { backendChain, FAMILIES, type Family } from './own-table.ts';
import { isRange, placesOf, placeType } from './places.ts';

const countSet = ({ digit }: Family): string => `sent${digit}`;

/** The places that are counted: of all backends, for who drains or is down may come back. */
export const countSets = (dispatches: readonly Dispatch[]): readonly NftSet[] =>
  FAMILIES.map((family) => {
    const places = dispatches.flatMap((dispatch) =>
      placesOf(family, dispatch.balancer, countedOf(dispatch)),
    );
    return {
      ...{ name: countSet(family), kind: 'set', type: placeType(family) },
      ...{ flags: [], isCounted: true },
      elements: elementsOf(places.map((key) => ({ key, verdict: null, rule: null }))),
    };
  });

/** All of its backends; HAProxy, where that is the one. */
export const countedOf = ({ targets, ended, running }: Dispatch): readonly Target[] => [
  ...new Map([...ended, ...running, ...targets].map((each) => [each.member, each])).values(),
];

/** Where the first packet of a connection leaves, for others or for this VM's own programs. */
export const countRules = (): readonly NftRule[] =>
  FAMILIES.map((family) => {
    const place = concat(payload(family.ip, 'daddr'), meta('l4proto'), payload('th', 'dport'));
    return rule(has(ct('status'), 'dnat'), is(place, `@${countSet(family)}`));
  });

/** What a backend was sent by this VM; null where nothing counts it. */
export const countOf = (
  { chains, sets }: ObservedTable,
  balancer: Pick<Balancer, 'name' | 'listen' | 'port'>,
  id: MemberId,
  at: Pick<Target, 'ipv4' | 'ipv6'>,
): Count | null => {
  if (isRange(balancer.listen)) {
    return chains.get(backendChain(balancer.name, id))?.rules[0] ?? null;
  }
  const counted = FAMILIES.flatMap((family) => {
    const elements = sets.get(countSet(family))?.elements;
    return placesOf(family, balancer, [at]).flatMap((key) => elements?.get(keyText(key)) ?? []);
  });
  return counted.length === 0 ? null : sumOf(counted);
};

/** All of them in one. */
export const sumOf = (counts: readonly Count[]): Count => ({
  packets: counts.reduce((sum, { packets }) => sum + packets, 0),
  bytes: counts.reduce((sum, { bytes }) => sum + bytes, 0),
});
