/**
 * Rule: vpn example — a mesh of four for the tests: a view, this VM, and what the host's tools print.
 *
 * The texts are what iproute2 6.1 and wg 1.0.20210914 printed for wireguard-go, cut to what is read.
 */
import { base64 } from '@scure/base';
import { type MemberId, memberIdOf } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { HostFacts, HostResult } from '../../ports.ts';
import type { Self } from '../service.ts';
import type { ObservedPeer, VpnObserved } from './state.ts';

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
  evicted: [],
  operators: [],
  invites: [],
  nextRootHash: bytes(0),
  recovery: 0,
  alarms: [],
  quarantined: [],
});

/** A host without WireGuard in its kernel. */
export const exampleFacts: HostFacts = {
  hostname: 'vm-1',
  isRoot: true,
  hasTun: true,
  hasKernelWireguard: false,
  hasSystemd: false,
  tools: { ip: true, wg: true },
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
  nowMs: 1_000_000,
  wallMs: EXAMPLE_WALL_MS,
  viewAgeMs: 0,
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

/** The first member's interface with these peers, in step. */
export const exampleObserved = (
  peers: readonly ObservedPeer[],
  changes: Partial<VpnObserved> = {},
): VpnObserved => ({
  link: { kind: 'tun', isPersistent: false, isUp: true, mtu: 1420 },
  addresses: ['10.10.0.1/16', 'fd00:1::1/64'],
  device: { publicKey: exampleKey(1), port: 7300, peers },
  ...changes,
});

/** No such interface. */
export const EXAMPLE_NOTHING: VpnObserved = { link: null, addresses: [], device: null };

const ok = (stdout: string): HostResult => ({ status: 0, stdout, stderr: '' });
const refusal = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });

/** A private key in the dump, which must never come out of `read`. */
export const EXAMPLE_PRIVATE_KEY = 'oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=';

/** What the probes print of a wireguard-go interface that is up. */
export const EXAMPLE_PRINTED: Readonly<Record<string, HostResult>> = {
  link: ok(
    '[{"ifindex":2,"ifname":"cnsmo0","flags":["POINTOPOINT","MULTICAST","NOARP","UP","LOWER_UP"],' +
      '"mtu":1420,"qdisc":"pfifo_fast","operstate":"UNKNOWN","link_type":"none",' +
      '"linkinfo":{"info_kind":"tun","info_data":{"type":"tun","pi":true,"vnet_hdr":false,' +
      '"multi_queue":false,"persist":false}},"inet6_addr_gen_mode":"random"}]\n',
  ),
  address: ok(
    '[{"ifindex":2,"ifname":"cnsmo0","flags":["UP"],"mtu":1420,"addr_info":[' +
      '{"family":"inet","local":"10.10.0.1","prefixlen":16,"scope":"global","label":"cnsmo0"},' +
      '{"family":"inet6","local":"fd00:1::1","prefixlen":64,"scope":"global"},' +
      '{"family":"inet6","local":"fe80::9369:4168","prefixlen":64,"scope":"link"}]}]\n',
  ),
  wg: ok(
    `${EXAMPLE_PRIVATE_KEY}\t${exampleKey(1)}\t7300\toff\n` +
      `${exampleKey(2)}\t(none)\t192.0.2.2:7300\tfd00:1::2/128,10.10.0.2/32\t1799999940\t` +
      `4096\t8192\t25\n${exampleKey(3)}\t${EXAMPLE_PRIVATE_KEY}\t(none)\t(none)\t0\t0\t0\toff\n`,
  ),
};

/** What the probes print when there is no such interface. */
export const EXAMPLE_PRINTED_NOTHING: Readonly<Record<string, HostResult>> = {
  link: refusal('Device "cnsmo0" does not exist.\n'),
  address: refusal('Device "cnsmo0" does not exist.\n'),
  wg: refusal('Unable to access interface: No such device\n'),
};
