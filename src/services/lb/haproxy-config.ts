/**
 * Rule: haproxy config — the whole configuration of our HAProxy as text, made of typed fields
 * only: numbers, addresses, and names by the pattern of names.
 *
 * 1. The mark tells what was loaded; the servers are not part of it, as they change without a
 *    reload. The text has them all the same, for one that starts.
 * 2. HAProxy's word on health is passive: a server to which connections fail is left out at once,
 *    and tried each second until it answers. HAProxy judges so only where it checks as well, so it
 *    does that, seldom.
 * 3. A reload loses no client of a sticky balancer: slots stay whose they are, and the worker that
 *    goes tells the next, as HAProxy's own `peers` do, over the loopback.
 * 4. It runs as the package's own user, rooted in its directory, where it can read and write
 *    nothing.
 */
import { fnv1a } from '../checksum.ts';
import type {
  ObservedProxy,
  PlacedBalancer,
  ProxyBackend,
  ProxyDesired,
  ProxySlot,
  RunningProxy,
} from './haproxy-state.ts';
import type { Mode } from './schemas.table.ts';

/** Connections at once. Each takes two descriptors and 34 KiB: 700 MB where all are in use. */
const CONNECTIONS_MAX = 20_000;

/** How long a connection on which nothing is sent is kept, and one of before a reload. */
const IDLE = '24h';

/** Workers of before reloads, at most: 10 MB each, and more with what they carry. */
const FORMER_MAX = 20;

/** What a worker is called among its peers: it says so when it starts. */
export const PEER = 'cnsmo';
const PEERS = 'workers';

/** Slots of a balancer at least; more are doubled, so that few additions need a reload. */
const SLOTS_MIN = 8;

/** Clients that stay with their backends, of each balancer. Unit: entries of 100 bytes. */
const STICKY_MAX = '100k';

const GLOBAL = [
  'user haproxy',
  'group haproxy',
  'chroot .',
  `maxconn ${CONNECTIONS_MAX}`,
  // Where the host allows fewer descriptors it runs with those.
  'no strict-limits',
  `hard-stop-after ${IDLE}`,
  `mworker-max-reloads ${FORMER_MAX}`,
];

const DEFAULTS = [
  'mode tcp',
  'timeout connect 3s',
  `timeout client ${IDLE}`,
  `timeout server ${IDLE}`,
  // A refused connection goes to another backend at once, and nobody sees it.
  'retries 3',
  'option redispatch 1',
  'option clitcpka',
  'option srvtcpka',
  'default-server check inter 30s fastinter 1s downinter 1s fall 3 rise 1' +
    ' observe layer4 error-limit 2 on-error mark-down',
];

const BALANCE: Readonly<Record<Mode, readonly string[]>> = {
  roundrobin: ['balance roundrobin'],
  leastconn: ['balance leastconn'],
  // Another backend moves only its own share of clients, and weights can change.
  source: ['balance source', 'hash-type consistent'],
  random: ['balance random'],
};

/** The text, and its mark. `proxies`: what each balancer has now, by its name. */
export const configOf = (
  desired: Omit<ProxyDesired, 'isPutOff'>,
  proxies: ReadonlyMap<string, ObservedProxy>,
): { readonly text: string; readonly mark: string } => {
  const { peerPort } = desired;
  const parts = desired.balancers.map((balancer) => frameOf(desired, balancer));
  const peers = peerPort === null ? [] : peersAt(peerPort);
  const mark = markOf([GLOBAL, DEFAULTS, peers, ...parts]);
  const bodies = desired.balancers.flatMap((balancer, index) => [
    ...(parts[index] ?? []),
    ...serverLines(balancer, proxies.get(balancer.name)?.slots ?? []),
  ]);
  const lines = [
    ...['global', ...indented([`description ${mark} ${peerPort ?? '-'}`, ...GLOBAL])],
    ...['defaults', ...indented(DEFAULTS)],
    ...peers,
    ...bodies,
  ];
  return { text: `${lines.join('\n')}\n`, mark };
};

/** Whether it has loaded this, with slots for all backends: then it needs no reload. */
export const isLoaded = (
  desired: Omit<ProxyDesired, 'isPutOff'>,
  { mark, proxies }: Pick<RunningProxy, 'mark' | 'proxies'>,
): boolean =>
  configOf(desired, proxies).mark === mark &&
  desired.balancers.every(
    ({ name, backends }) => (proxies.get(name)?.slots.length ?? 0) >= backends.length,
  );

/** Name of the proxy of a balancer. */
export const proxyName = ({ localPort, name }: PlacedBalancer): string => `${localPort}.${name}`;

/** How many slots so many backends need. */
const slotsFor = (backends: number): number => {
  let count = SLOTS_MIN;
  while (count < backends) count *= 2;
  return count;
};

/** What stands for the port of a server: over a range, how far it is from the local one. */
export const serverPort = ({
  ports,
  port,
  localPort,
}: Pick<PlacedBalancer, 'ports' | 'port' | 'localPort'>): string => {
  if (ports[0] === ports[1]) return `${port}`;
  return port < localPort ? `-${localPort - port}` : `+${port - localPort}`;
};

const peersAt = (port: number): readonly string[] => [
  ...[`peers ${PEERS}`, ...indented([`peer ${PEER} 127.0.0.1:${port}`])],
];

const frameOf = (
  { hosts, peerPort }: Pick<ProxyDesired, 'hosts' | 'peerPort'>,
  balancer: PlacedBalancer,
): readonly string[] => {
  const { localPort, mode, port, ports, stickyMs } = balancer;
  const lastPort = localPort + ports[1] - ports[0];
  const name = proxyName(balancer);
  const told = peerPort === null ? '' : ` peers ${PEERS}`;
  const table = `stick-table type ipv6 size ${STICKY_MAX} expire ${stickyMs}${told}`;
  return [
    `frontend ${name}`,
    ...indented([
      // It may start before the VPN has the address.
      ...hosts.map((host) => `bind ${bracketed(host)}:${localPort}-${lastPort} transparent`),
      ...rangePorts(balancer),
      `default_backend ${name}`,
    ]),
    `backend ${name}`,
    ...indented([
      ...BALANCE[mode],
      ...(stickyMs === null ? [] : [table, 'stick on src']),
      `default-server port ${port}`,
    ]),
  ];
};

/**
 * Of a connection by IPv4 HAProxy takes for its port the one from before the table of nft sent it
 * here (SO_ORIGINAL_DST), by IPv6 the local one, of which the ports of servers are made.
 */
const rangePorts = ({ localPort, ports: [first, last] }: PlacedBalancer): readonly string[] =>
  first === last
    ? []
    : [
        `tcp-request connection set-dst-port dst_port,add(${localPort - first}) ` +
          `if { dst_port ${first}:${last} } { src 0.0.0.0/0 }`,
      ];

/** Who has a slot keeps it: by its name clients stay. */
const serverLines = (
  { backends, ...balancer }: PlacedBalancer,
  slots: readonly ProxySlot[],
): readonly string[] => {
  const isAt = ({ address }: ProxyBackend, slot: ProxySlot): boolean => slot.address === address;
  const fresh = backends.filter((backend) => !slots.some((slot) => isAt(backend, slot)));
  const count = Math.max(slots.length, slotsFor(backends.length));
  return indented(
    Array.from({ length: count }, (_, index) => {
      const slot = slots[index];
      const owner = slot && backends.find((backend) => isAt(backend, slot));
      return serverLine(balancer, `s${index + 1}`, owner ?? fresh.shift());
    }),
  );
};

const serverLine = (
  balancer: Omit<PlacedBalancer, 'backends'>,
  slot: string,
  backend: ProxyBackend | undefined,
): string => {
  const port = serverPort(balancer);
  if (backend === undefined) return `server ${slot} 0.0.0.0:${port} disabled`;
  const { address, weight, state } = backend;
  const off = state === 'ready' ? '' : ' disabled';
  return `server ${slot} ${bracketed(address)}:${port} weight ${weight}${off}`;
};

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Tells one configuration from another; protects nothing. */
const markOf = (parts: unknown): string =>
  [0, 1].map((salt) => fnv1a(`${salt} ${JSON.stringify(parts)}`).toString(16)).join('-');
