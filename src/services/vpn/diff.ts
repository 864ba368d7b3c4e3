/**
 * Rule: vpn diff — the commands that make the interface as it should be.
 *
 * 1. Peers change one by one. The whole set is never replaced, for that would cut every session.
 * 2. Order: interface, key and port, up, IPv4, peers, IPv6, table. Peers come when the interface is
 *    up, so that the side configured last initiates at once; IPv6 comes late because a host may
 *    forbid it, and the table last: without them the rest works all the same.
 * 3. The private key travels by name, to standard input.
 * 4. Each command says what was found in plain words; what only follows the path or a peer that
 *    moved says nothing.
 */
import type { Command, Undo } from '../service.ts';
import {
  type DesiredPeer,
  LINK_UNDO,
  type ObservedDevice,
  type ObservedPeer,
  type ObservedRoute,
  type VpnDesired,
  type VpnObserved,
} from './state.ts';
import { makeTable, TABLE, tableWords } from './table.ts';

/** Peers in one `wg set`: 300 bytes each stay far below what one command line may hold. */
const PEERS_PER_COMMAND = 100;

type Wanted = NonNullable<VpnDesired>;
type Run = Command & { readonly kind: 'run' };

/** The commands, in order; empty when in step. */
export const diff = (desired: VpnDesired, observed: VpnObserved): readonly Command[] => {
  if (desired === null) return [];
  const isMissing = observed.link === null || observed.device === null;
  // wireguard-go makes the interface some time after it started: the rest follows when it is there.
  if (isMissing && desired.engine === 'wireguard-go') {
    if (!hasOtherName(desired, observed)) return [startEngine(desired, missing(desired))];
    const found = `${desired.interface} had another name`;
    return [stopEngine(desired), startEngine(desired, found)];
  }
  const wayIn = (isWithin: (address: string) => boolean): readonly Command[] => [
    ...addressCommands(desired, observed, isWithin),
    ...routeCommands(desired, observed, isWithin),
  ];
  const rest = [
    ...keyAndPort(desired, observed.device),
    ...mtuAndUp(desired, observed),
    ...wayIn(isIpv4),
    ...peerCommands(desired, observed.device),
    ...wayIn((address) => !isIpv4(address)),
    ...tableCommands(desired, observed),
  ];
  // What a new interface lacks is no finding of its own.
  return isMissing ? [addLink(desired), ...rest.map((each) => ({ ...each, found: [] }))] : rest;
};

const run = (argv: readonly string[], ...found: readonly string[]): Run => ({
  kind: 'run',
  argv,
  found,
});

const isIpv4 = (address: string): boolean => !address.includes(':');

const addLink = (desired: Wanted): Command => {
  const name = desired.interface;
  // A crash may come between the interface and its key.
  const only = { argv: ['wg', 'show', name, 'public-key'], prints: [desired.publicKey, '(none)'] };
  const undo: Undo = { kind: 'run', argv: ['ip', 'link', 'delete', 'dev', name], only };
  const argv = ['ip', 'link', 'add', 'dev', name, 'type', 'wireguard'];
  return { ...run(argv, missing(desired)), undo: { [LINK_UNDO]: undo } };
};

const missing = (desired: Wanted): string => `interface ${desired.interface} was missing`;

/**
 * Whether the engine, which answers, has its interface under another name. One that only starts
 * may answer as well where its interface was not there a moment before.
 */
const hasOtherName = (desired: Wanted, { link, device, others }: VpnObserved): boolean =>
  link === null &&
  device !== null &&
  others.some(({ address }) => desired.addresses.includes(address));

const engineName = (desired: Wanted): string => `wireguard-${desired.interface}`;

const stopEngine = (desired: Wanted): Command => ({ kind: 'stop', process: engineName(desired) });

const startEngine = (desired: Wanted, found: string): Command => {
  const process = engineName(desired);
  return {
    kind: 'start',
    process,
    argv: ['bundled:wireguard-go', '-f', desired.interface],
    env: { WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' },
    found: [found],
    undo: { [LINK_UNDO]: { kind: 'stop', process } },
  };
};

const keyAndPort = (desired: Wanted, device: ObservedDevice | null): readonly Command[] => {
  const name = desired.interface;
  const set = ['wg', 'set', name];
  const isPort = device?.port === desired.port;
  const port = isPort ? [] : ['listen-port', `${desired.port}`];
  const found = isPort ? [] : [`${name} listened on port ${device?.port ?? 0}`];
  if (device?.publicKey !== desired.publicKey) {
    const argv = [...set, 'private-key', '/dev/stdin', ...port];
    const keyFound = `${name} had another key`;
    return [{ ...run(argv, keyFound, ...found), stdin: { secret: 'wg-private-key' } }];
  }
  return isPort ? [] : [run([...set, ...port], ...found)];
};

const mtuAndUp = (desired: Wanted, { link }: VpnObserved): readonly Command[] => {
  const name = desired.interface;
  const hasMtu = link?.mtu === desired.mtu;
  const isUp = link?.isUp === true;
  if (hasMtu && isUp) return [];
  const argv = ['ip', 'link', 'set', 'dev', name];
  const words = [...(hasMtu ? [] : ['mtu', `${desired.mtu}`]), ...(isUp ? [] : ['up'])];
  const found = [
    ...(hasMtu ? [] : [`the MTU of ${name} was ${link?.mtu}`]),
    ...(isUp ? [] : [`${name} was down`]),
  ];
  return [run([...argv, ...words], ...found)];
};

/**
 * Deletions first: the kernel deletes an IPv4 address's secondaries along with it, and would take
 * one that was just added. Ours, when it was such a one, is added after the next read-back.
 */
const addressCommands = (
  desired: Wanted,
  observed: VpnObserved,
  isWithin: (address: string) => boolean,
): readonly Command[] => {
  const wanted = desired.addresses.filter(isWithin);
  const present = observed.addresses.filter(isWithin);
  const change = (verb: 'add' | 'delete', found: string) => (address: string) =>
    run(['ip', 'address', verb, address, 'dev', desired.interface], `address ${address} ${found}`);
  return [
    ...present
      .filter((address) => !wanted.includes(address))
      .map(change('delete', `stood on ${desired.interface}`)),
    ...wanted.filter((address) => !present.includes(address)).map(change('add', 'was missing')),
  ];
};

/**
 * The kernel adds a route with its address; here it is added when somebody took it alone. As long
 * as another interface has a route to the very same prefix it cannot be: a collision, and told.
 */
const routeCommands = (
  desired: Wanted,
  { link, addresses, routes }: VpnObserved,
  isWithin: (address: string) => boolean,
): readonly Command[] => {
  if (link?.isUp !== true) return [];
  return desired.routes.flatMap(({ prefix, address }) => {
    const isThere = ({ table, ...route }: ObservedRoute): boolean =>
      table === 'main' && route.prefix === prefix;
    if (!isWithin(address) || !addresses.includes(address) || routes.some(isThere)) return [];
    const [host = ''] = address.split('/');
    const kind = isIpv4(address) ? ['scope', 'link', 'src', host] : ['metric', '256'];
    const family = isIpv4(address) ? '-4' : '-6';
    const argv = ['ip', family, 'route', 'add', prefix, 'dev', desired.interface];
    return [run([...argv, 'proto', 'kernel', ...kind], `route ${prefix} was missing`)];
  });
};

const peerCommands = (desired: Wanted, device: ObservedDevice | null): readonly Command[] => {
  const existing = new Map(device?.peers.map((peer) => [peer.publicKey, peer]));
  const wanted = new Set(desired.peers.map(({ publicKey }) => publicKey));
  // Removals first: an address that goes to another peer must not be taken from it again.
  const groups = [
    ...[...existing.keys()].filter((key) => !wanted.has(key)).map(removePeer),
    ...desired.peers.map((peer) =>
      peer.isRenewed ? renewPeer(peer) : changePeer(peer, existing.get(peer.publicKey)),
    ),
  ].filter(({ words }) => words.length > 0);
  const commands: Command[] = [];
  for (let at = 0; at < groups.length; at += PEERS_PER_COMMAND) {
    const some = groups.slice(at, at + PEERS_PER_COMMAND);
    const words = some.flatMap((group) => group.words);
    const found = some.flatMap((group) => group.found);
    commands.push(run(['wg', 'set', desired.interface, ...words], ...found));
  }
  return commands;
};

/** Words for `wg set` on one peer, and what was found; no words when it is in step. */
interface PeerChange {
  readonly words: readonly string[];
  readonly found: readonly string[];
}

const removePeer = (key: string): PeerChange => ({
  words: ['peer', key, 'remove'],
  found: [`peer ${key.slice(0, 8)}… was there and is no member`],
});

/** In one command, so that what is sent meanwhile waits for the handshake, and is not refused. */
const renewPeer = (peer: DesiredPeer): PeerChange => ({
  words: [...removePeer(peer.publicKey).words, ...changePeer(peer, undefined).words],
  found: [],
});

const changePeer = (peer: DesiredPeer, existing: ObservedPeer | undefined): PeerChange => {
  const { name, endpoint } = peer;
  const hasIps = existing?.allowedIps.join(',') === peer.allowedIps.join(',');
  const hasKeepalive = peer.keepaliveS === (existing?.keepaliveS ?? 0);
  const isSecret = existing?.hasPresharedKey === true;
  const isMoved = endpoint !== null && endpoint !== existing?.endpoint;
  const changes = [
    ...(isSecret ? ['preshared-key', '/dev/null'] : []),
    ...(hasIps ? [] : ['allowed-ips', peer.allowedIps.join(',')]),
    ...(isMoved ? ['endpoint', endpoint] : []),
    ...(hasKeepalive ? [] : ['persistent-keepalive', `${peer.keepaliveS}`]),
  ];
  if (changes.length === 0) return { words: [], found: [] };
  const words = ['peer', peer.publicKey, ...changes];
  if (existing === undefined) return { words, found: [`peer ${name} was missing`] };
  const found = [
    ...(isSecret ? [`peer ${name} had a preshared key`] : []),
    ...(hasIps ? [] : [`peer ${name} had other addresses`]),
    ...(hasKeepalive ? [] : [`peer ${name} had another keepalive`]),
  ];
  return { words, found };
};

const tableCommands = (desired: Wanted, { table }: VpnObserved): readonly Command[] => {
  if (!desired.isClamped) return [];
  const name = `table ${TABLE.join(' ')}`;
  if (table.kind === 'missing') return [makeTable(desired.interface, [`${name} was missing`])];
  const isSame = table.kind === 'present' && table.words === tableWords(desired.interface);
  return isSame ? [] : [makeTable(desired.interface, [`${name} was changed`])];
};
