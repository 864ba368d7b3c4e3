/**
 * Rule: firewall borders — addresses that stand for all of a prefix: between two borders no rule
 * tells one address from another, so that one of them is enough to try.
 */
import type { View } from '../../../crdt/view.ts';
import { addressText, type Cidr, hostCidr, parseCidr } from '../../selectors/cidr.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import { addressesOf } from '../../selectors/selectors.ts';
import { policyOf, type Rule } from '../policy.ts';
import type { Probe } from './ends.ts';

/** Every address at which something begins or ends, of what may decide on such a connection. */
export type Borders = readonly Cidr[];

/** The borders of the rules of a zone that can decide on what is tried. */
export const bordersOf = (view: View, zone: Zone, probe: Probe): Borders => {
  const { rules, groups, defaults } = policyOf(view);
  const who = { view, groups };
  const managed = defaults.flatMap(({ management = [] }) => management);
  return [
    ...managed.map(({ address }) => hostCidr(address)),
    ...rules
      .filter((rule) => rule.zone === zone && canMatch(rule, probe))
      .flatMap(({ from, to }) => [from, to])
      .flatMap((selectors) => addressesOf(who, selectors, zone) ?? []),
  ];
};

const canMatch = ({ protocol, ports, types }: Rule, probe: Probe): boolean =>
  (protocol === 'any' || protocol === probe.protocol) &&
  ports?.some(([first, last]) => first <= probe.value && probe.value <= last) !== false &&
  types?.includes(probe.value) !== false;

/** One address of each part of a prefix that the borders tell apart, the first of it first. */
export const pointsIn = (prefix: string, borders: Borders): readonly string[] => {
  const parsed = parseCidr(prefix);
  if (!parsed.ok) return [];
  const { family, first, last } = parsed.value;
  const starts = borders
    .filter((each) => each.family === family)
    .flatMap((each) => [each.first, each.last + 1n])
    .filter((value) => first < value && value <= last);
  return [...new Set([first, ...starts])].map((value) => addressText(family, value));
};
