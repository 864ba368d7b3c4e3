/**
 * Rule: test policy — what tests of the firewall make views and sites of.
 */
import type { Value } from '../../crdt/entry.ts';
import { type MemberId, memberIdOf, meshIdOf } from '../../crdt/ids.ts';
import type { Intent, Member, View } from '../../crdt/view.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import { type Lane, lanesOf, type Site } from './lane.ts';
import type { Direction } from './schemas.table.ts';

/** The id of the member number `n`, 1 to 9. */
export const idOf = (n: number): MemberId => memberIdOf(new Uint8Array(32).fill(n));

/** Member number `n`: 10.10.0.n, fd00:1::n, at 192.0.2.n. */
export const memberOf = (n: number, labels: Readonly<Record<string, string>> = {}): Member => ({
  id: idOf(n),
  name: `vm${n}`,
  role: 'node',
  labels,
  wgKey: new Uint8Array(32).fill(n),
  ipv4: `10.10.0.${n}`,
  ipv6: `fd00:1::${n}`,
  endpoints: {
    port: 7300,
    advertised: null,
    observed: { host: `192.0.2.${n}`, port: 7300 },
    local: [`2001:db8::${n}`],
  },
  services: null,
  version: null,
  mayBeCore: true,
  isDraining: false,
  steppedDown: null,
  hasLeft: false,
});

/** Objects by `<kind>/<name>`, as the view has them. */
export type Objects = Readonly<Record<string, Value>>;

/** A view of these members and objects. */
export const viewOf = (members: readonly Member[], objects: Objects): View => ({
  mesh: {
    id: meshIdOf(new Uint8Array(32)),
    name: 'test',
    prefix: '10.10.0.0/16',
    prefix6: 'fd00:1::/64',
  },
  members,
  enrolments: [],
  evicted: [],
  evictions: [],
  proposals: [],
  operators: [],
  invites: [],
  intent: Object.entries(objects).map(([place, value], index): Intent => {
    const [kind = '', name = ''] = place.split('/');
    const path = `intent/firewall/${place}`;
    const claim = { value, author: idOf(1), hlc: [1, index] as const };
    return { path, service: 'firewall', kind, name, ...claim, older: [] };
  }),
  nextRootHash: new Uint8Array(32),
  recovery: 0,
  alarms: [],
  quarantined: [],
});

/** The first member's host, with the openings that every mesh has. */
export const siteOf = (view: View): Site => ({
  view,
  member: idOf(1),
  interface: 'cnsmo0',
  openings: [
    { zone: 'wan', protocol: 'udp', port: 7300, why: 'WireGuard tunnels' },
    { zone: 'wan', protocol: 'tcp', port: 7300, why: 'swarm of the members' },
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
