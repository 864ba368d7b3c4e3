/**
 * Rule: vpn example — a mesh of four for the tests: a view, this VM, and what the host's tools print.
 *
 * The texts are what iproute2 6.1 and wg 1.0.20210914 printed for wireguard-go, cut to what is read.
 */
import { base64 } from '@scure/base';
import { type MemberId, memberIdOf } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { HostResult, ProbedFacts } from '../../ports.ts';
import type { Results, Self } from '../service.ts';
import type { ObservedPeer, ObservedRoute, VpnObserved } from './state.ts';
import { tableWords } from './table.ts';

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

/** The id of the n-th member. */
export const exampleId = (n: number): MemberId => memberIdOf(bytes(n));

/** The WireGuard public key of the n-th member, base64. */
export const exampleKey = (n: number): string => base64.encode(bytes(100 + n));

/** The n-th member: `vm-n`, 10.10.0.n, reachable at 192.0.2.n. */
export const exampleMember = (n: number, changes: Partial<Member> = {}): Member => ({
  id: exampleId(n),
  name: `vm-${n}`,
  role: 'node',
  labels: {},
  wgKey: bytes(100 + n),
  ipv4: `10.10.0.${n}`,
  ipv6: `fd00:1::${n}`,
  endpoints: {
    port: 7300,
    advertised: null,
    observed: { host: `192.0.2.${n}`, port: 7300 },
    local: [],
  },
  services: ['vpn'],
  version: null,
  allowsRun: null,
  mayBeCore: true,
  isDraining: false,
  steppedDown: null,
  hasLeft: false,
  ...changes,
});

/** A view of these members. */
export const exampleView = (members: readonly Member[]): View => ({
  mesh: {
    id: 'm' as View['mesh']['id'],
    name: 'mesh',
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
  intent: [],
  nextRootHash: bytes(0),
  recovery: 0,
  alarms: [],
  quarantined: [],
});

/** A host without WireGuard in its kernel. */
export const exampleFacts: ProbedFacts = {
  hostname: 'vm-1',
  isRoot: true,
  hasTun: true,
  hasKernelWireguard: false,
  hasSystemd: false,
  tools: { ip: true, wg: true, nft: true },
};

/** The wall clock of the examples, Unix ms. */
export const EXAMPLE_WALL_MS = 1_800_000_000_000;

/** The first member's own node, which has made its interface. */
export const exampleSelf = (changes: Partial<Self> = {}): Self => ({
  id: exampleId(1),
  interface: 'cnsmo0',
  port: 7300,
  facts: exampleFacts,
  seen: new Map(),
  skewsMs: new Map(),
  recoveredAtMs: null,
  sights: new Map(),
  nowMs: 1_000_000,
  wallMs: EXAMPLE_WALL_MS,
  stepsMs: [],
  viewAgeMs: 0,
  openings: [],
  made: new Set(['vpn-link']),
  ...changes,
});

/** The n-th member's peer, in step, with a handshake a minute ago. */
export const examplePeer = (n: number, changes: Partial<ObservedPeer> = {}): ObservedPeer => ({
  publicKey: exampleKey(n),
  hasPresharedKey: false,
  endpoint: `192.0.2.${n}:7300`,
  allowedIps: [`10.10.0.${n}/32`, `fd00:1::${n}/128`],
  handshakeAtMs: EXAMPLE_WALL_MS - 60_000,
  rxBytes: 4096,
  txBytes: 8192,
  keepaliveS: 25,
  ...changes,
});

/** A route of the main table, as an address brings it. */
export const exampleRoute = (
  prefix: string,
  name: string,
  changes: Partial<ObservedRoute> = {},
): ObservedRoute => ({
  ...{ prefix, type: 'unicast', interfaces: [name], table: 'main', protocol: 'kernel' },
  ...changes,
});

/** The first member's interface with these peers, in step. */
export const exampleObserved = (
  peers: readonly ObservedPeer[],
  changes: Partial<VpnObserved> = {},
): VpnObserved => ({
  link: { kind: 'tun', isPersistent: false, isUp: true, mtu: 1420 },
  addresses: ['10.10.0.1/16', 'fd00:1::1/64'],
  device: { publicKey: exampleKey(1), port: 7300, peers },
  others: [{ interface: 'eth0', address: '192.0.2.1/24' }],
  mtus: { cnsmo0: 1420, eth0: 1500 },
  routes: [exampleRoute('10.10.0.0/16', 'cnsmo0'), exampleRoute('fd00:1::/64', 'cnsmo0')],
  paths: Object.fromEntries(
    peers.flatMap(({ publicKey, endpoint }) =>
      publicKey === '' || endpoint === null
        ? []
        : [[endpoint.slice(0, endpoint.lastIndexOf(':')), { interface: 'eth0', mtu: null }]],
    ),
  ),
  table: { kind: 'present', words: tableWords('cnsmo0') },
  ...changes,
});

/** No such interface, on a host with an uplink. */
export const EXAMPLE_NOTHING: VpnObserved = {
  ...{ link: null, addresses: [], device: null, routes: [], paths: {} },
  others: [{ interface: 'eth0', address: '192.0.2.1/24' }],
  mtus: { eth0: 1500 },
  table: { kind: 'missing' },
};

const ok = (stdout: string): HostResult => ({ status: 0, stdout, stderr: '' });
const refusal = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });

/** A private key in the dump, which must never come out of `read`. */
export const EXAMPLE_PRIVATE_KEY = 'oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=';

/** The uplink, which every host has. */
const UPLINK =
  '{"ifindex":3,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,' +
  '"linkinfo":{"info_kind":"veth"},"addr_info":[' +
  '{"family":"inet","local":"192.0.2.1","prefixlen":24,"scope":"global","label":"eth0"},' +
  '{"family":"inet6","local":"fe80::5054:ff:fe12:3456","prefixlen":64,"scope":"link"}]}';

const OWN_LINK =
  '{"ifindex":2,"ifname":"cnsmo0","flags":["POINTOPOINT","MULTICAST","NOARP","UP","LOWER_UP"],' +
  '"mtu":1420,"qdisc":"pfifo_fast","operstate":"UNKNOWN","link_type":"none",' +
  '"linkinfo":{"info_kind":"tun","info_data":{"type":"tun","pi":true,"vnet_hdr":false,' +
  '"multi_queue":false,"persist":false}},"inet6_addr_gen_mode":"random","addr_info":[' +
  '{"family":"inet","local":"10.10.0.1","prefixlen":16,"scope":"global","label":"cnsmo0"},' +
  '{"family":"inet6","local":"fd00:1::1","prefixlen":64,"scope":"global"},' +
  '{"family":"inet6","local":"fe80::9369:4168","prefixlen":64,"scope":"link"}]}';

const ROUTES =
  '[{"type":"unicast","dst":"10.10.0.0/16","dev":"cnsmo0","table":"main","protocol":"kernel",' +
  '"scope":"link","prefsrc":"10.10.0.1","flags":[]},' +
  '{"type":"local","dst":"10.10.0.1","dev":"cnsmo0","table":"local","protocol":"kernel",' +
  '"scope":"host","prefsrc":"10.10.0.1","flags":[]}]\n' +
  '[{"type":"unicast","dst":"fd00:1::/64","dev":"cnsmo0","table":"main","protocol":"kernel",' +
  '"scope":"global","metric":256,"flags":[],"pref":"medium"}]\n';

/** A table of ours that somebody made by hand, as nft 1.0.6 lists it. */
const TABLE_LISTED =
  '{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, ' +
  '{"table": {"family": "inet", "name": "cnsmo_vpn", "handle": 2}}]}\n';

/** What the probes print of a wireguard-go interface that is up. */
export const EXAMPLE_PRINTED = {
  host: ok(`[${UPLINK},${OWN_LINK}]\n${ROUTES}`),
  wg: ok(
    `${EXAMPLE_PRIVATE_KEY}\t${exampleKey(1)}\t7300\toff\n` +
      `${exampleKey(2)}\t(none)\t192.0.2.2:7300\tfd00:1::2/128,10.10.0.2/32\t1799999940\t` +
      `4096\t8192\t25\n${exampleKey(3)}\t${EXAMPLE_PRIVATE_KEY}\t(none)\t(none)\t0\t0\t0\toff\n`,
  ),
  table: ok(TABLE_LISTED),
  // The second could not be reached, so it has no list.
  paths: {
    ...ok(
      '[{"type":"unicast","dst":"192.0.2.2","dev":"eth0","table":"main","prefsrc":"192.0.2.1",' +
        '"flags":[],"uid":0,"cache":[],"metrics":[{"mtu":1380}]}]\n',
    ),
    ...{ status: 1, stderr: 'RTNETLINK answers: Network is unreachable\nCommand failed -:2\n' },
  },
} as const satisfies Results;

/** What they print when there is no such interface. */
export const EXAMPLE_PRINTED_NOTHING: Results = {
  host: ok(`[${UPLINK}]\n[]\n[]\n`),
  wg: refusal('Unable to access interface: No such device\n'),
  table: refusal('Error: No such file or directory\nlist table inet cnsmo_vpn\n'),
};
