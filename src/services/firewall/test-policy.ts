/**
 * Rule: test policy — what tests of the firewall make views and sites of.
 */
import type { Value } from '../../crdt/entry.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import { idOf, type Objects, viewWith } from '../test-view.ts';
import { type Lane, lanesOf, type Site } from './lane.ts';
import type { Direction } from './schemas.table.ts';

/** A view of these members and objects of the firewall. */
export const viewOf = (members: readonly Member[], objects: Objects): View =>
  viewWith('firewall', members, objects);

/** The first member's host, with the openings that every mesh has, and those of backends. */
export const siteOf = (view: View): Site => ({
  view,
  member: idOf(1),
  interface: 'cnsmo0',
  openings: [
    { zone: 'wan', protocol: 'udp', ports: [7300, 7300], why: 'WireGuard tunnels' },
    { zone: 'wan', protocol: 'tcp', ports: [7300, 7300], why: 'swarm of the members' },
    { zone: 'mesh', protocol: 'tcp', ports: [7_300, 8_079], why: 'backend of balancer wide' },
    { zone: 'mesh', protocol: 'tcp', ports: [8_080, 8_080], why: 'backend of balancer web' },
    { zone: 'mesh', protocol: 'udp', ports: [80, 80], why: 'backend of balancer dns' },
  ],
  wallMs: 1_000_000,
});

/** One of the four lanes of a site. */
export const laneOf = (site: Site, zone: Zone, direction: Direction): Lane => {
  const lane = lanesOf(site).find((each) => each.zone === zone && each.direction === direction);
  if (lane === undefined) throw new TypeError('no such lane');
  return lane;
};

/** A rule with the fields that every rule has. */
export const ruleOf = (fields: Objects): Value => ({
  ...{ action: 'allow', direction: 'in', zone: 'mesh', protocol: 'any' },
  ...{ priority: 100, enabled: true },
  ...fields,
});
