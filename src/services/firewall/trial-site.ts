/**
 * Rule: firewall trial site — what the rules say at a member of connections on which a trial
 * depends, before it and under it.
 */
import type { View } from '../../crdt/view.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import { memberAddresses } from '../selectors/selectors.ts';
import { type Flow, type Judgement, judge } from './judge.ts';
import { lanesOf, type Site } from './lane.ts';
import { narrow } from './narrow.ts';
import { type TrialOrder, withTrial } from './policy.ts';
import type { Direction } from './schemas.table.ts';

/** The site as it is while a trial runs. */
export const siteOnTrial = (site: Site, order: TrialOrder): Site => ({
  ...site,
  view: withTrial(site.view, order),
});

/** What becomes of a connection there; null where no lane is of it. */
export const judgedAt = (
  at: Site,
  zone: Zone,
  direction: Direction,
  flow: Flow,
): Judgement | null => {
  const lane = lanesOf(at).find((each) => each.zone === zone && each.direction === direction);
  return lane === undefined ? null : judge(narrow(lane, flow), flow);
};

/** Whether it is the address of a member in the overlay. */
export const isOverlay = ({ members }: View, address: string): boolean =>
  members.some(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);

/** This member's address in a zone, of the family of another; null where it has none. */
export const ownAddress = (site: Site, zone: Zone, other: string): string | null =>
  ownAddresses(site, zone).find((each) => each.includes(':') === other.includes(':')) ?? null;

const ownAddresses = ({ view, member }: Site, zone: Zone): readonly string[] => {
  const here = view.members.find(({ id }) => id === member);
  if (here === undefined) return [];
  return memberAddresses(here, zone).map(({ text }) => text.split('/')[0] ?? '');
};

/** A connection by which the operator of a trial may come here. */
interface Visit {
  readonly zone: Zone;
  readonly flow: Flow;
}

/** All that the trial names, but those that cannot come this way, or come from this VM itself. */
export const operatorsOf = (site: Site, { management = [] }: TrialOrder): readonly Visit[] =>
  management.flatMap(({ address, port }) => {
    const zone = isOverlay(site.view, address) ? 'mesh' : 'wan';
    const destination = ownAddress(site, zone, address);
    if (destination === null || ownAddresses(site, zone).includes(address)) return [];
    return [{ zone, flow: { protocol: 'tcp', source: address, destination, value: port } }];
  });
