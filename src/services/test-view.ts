/**
 * Rule: test view — what tests of services make views of.
 */
import type { Value } from '../crdt/entry.ts';
import { type MemberId, memberIdOf, meshIdOf } from '../crdt/ids.ts';
import type { Intent, Member, View } from '../crdt/view.ts';

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
  allowsRun: null,
  mayBeCore: true,
  isDraining: false,
  steppedDown: null,
  hasLeft: false,
});

/** Objects by `<kind>/<name>`, as the view has them. */
export type Objects = Readonly<Record<string, Value>>;

/** A view of these members and objects of a service. */
export const viewWith = (service: string, members: readonly Member[], objects: Objects): View => ({
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
    const path = `intent/${service}/${place}`;
    const claim = { value, author: idOf(1), hlc: [1, index] as const };
    return { path, service, kind, name, ...claim, older: [] };
  }),
  nextRootHash: new Uint8Array(32),
  recovery: 0,
  alarms: [],
  quarantined: [],
});
