/**
 * Rule: vpn diff — the commands that make the interface as it should be.
 *
 * 1. Peers change one by one. The whole set is never replaced, for that would cut every session.
 * 2. Order: interface, key and port, up, IPv4, peers, IPv6. Peers come when the interface is up, so
 *    that the side configured last initiates at once; IPv6 is last because a host may forbid it,
 *    and then IPv4 works all the same.
 * 3. The private key travels by name, to standard input.
 */
import type { Command, Undo } from '../service.ts';
import {
  type DesiredPeer,
  LINK_UNDO,
  type ObservedDevice,
  type ObservedPeer,
  type VpnDesired,
  type VpnObserved,
} from './state.ts';

/** Peers in one `wg set`: 200 bytes each stay far below what one command line may hold. */
const PEERS_PER_COMMAND = 100;

type Wanted = NonNullable<VpnDesired>;

/** The commands, in order; empty when in step. */
export const diff = (desired: VpnDesired, observed: VpnObserved): readonly Command[] => {
  if (desired === null) return [];
  const isMissing = observed.link === null || observed.device === null;
  // wireguard-go makes the interface some time after it started: the rest follows when it is there.
  if (isMissing && desired.engine === 'wireguard-go') return [startEngine(desired)];
  return [
    ...(isMissing ? [addLink(desired)] : []),
    ...keyAndPort(desired, observed.device),
    ...mtuAndUp(desired, observed),
    ...addressCommands(desired, observed, isIpv4),
    ...peerCommands(desired, observed.device),
    ...addressCommands(desired, observed, (address) => !isIpv4(address)),
  ];
};

const run = (...argv: readonly string[]): Command => ({ kind: 'run', argv });

const isIpv4 = (address: string): boolean => !address.includes(':');

const addLink = (desired: Wanted): Command => {
  const undo: Undo = { kind: 'run', argv: ['ip', 'link', 'delete', 'dev', desired.interface] };
  const argv = ['ip', 'link', 'add', 'dev', desired.interface, 'type', 'wireguard'];
  return { kind: 'run', argv, undo: { [LINK_UNDO]: undo } };
};

const startEngine = (desired: Wanted): Command => {
  const process = `wireguard-${desired.interface}`;
  return {
    kind: 'start',
    process,
    argv: ['bundled:wireguard-go', '-f', desired.interface],
    env: { WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' },
    undo: { [LINK_UNDO]: { kind: 'stop', process } },
  };
};

const keyAndPort = (desired: Wanted, device: ObservedDevice | null): readonly Command[] => {
  const set = ['wg', 'set', desired.interface];
  const port = device?.port === desired.port ? [] : ['listen-port', `${desired.port}`];
  if (device?.publicKey !== desired.publicKey) {
    const argv = [...set, 'private-key', '/dev/stdin', ...port];
    return [{ kind: 'run', argv, stdin: { secret: 'wg-private-key' } }];
  }
  return port.length === 0 ? [] : [run(...set, ...port)];
};

const mtuAndUp = (desired: Wanted, { link }: VpnObserved): readonly Command[] => {
  const mtu = link?.mtu === desired.mtu ? [] : ['mtu', `${desired.mtu}`];
  const up = link?.isUp === true ? [] : ['up'];
  if (mtu.length + up.length === 0) return [];
  return [run('ip', 'link', 'set', 'dev', desired.interface, ...mtu, ...up)];
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
  const change = (verb: 'add' | 'delete') => (address: string) =>
    run('ip', 'address', verb, address, 'dev', desired.interface);
  return [
    ...present.filter((address) => !wanted.includes(address)).map(change('delete')),
    ...wanted.filter((address) => !present.includes(address)).map(change('add')),
  ];
};

const peerCommands = (desired: Wanted, device: ObservedDevice | null): readonly Command[] => {
  const existing = new Map(device?.peers.map((peer) => [peer.publicKey, peer]));
  const wanted = new Set(desired.peers.map(({ publicKey }) => publicKey));
  // Removals first: an address that goes to another peer must not be taken from it again.
  const groups = [
    ...[...existing.keys()].filter((key) => !wanted.has(key)).map((key) => ['peer', key, 'remove']),
    ...desired.peers.map((peer) => peerGroup(peer, existing.get(peer.publicKey))),
  ].filter((group) => group.length > 0);
  const commands: Command[] = [];
  for (let at = 0; at < groups.length; at += PEERS_PER_COMMAND) {
    const some = groups.slice(at, at + PEERS_PER_COMMAND).flat();
    commands.push(run('wg', 'set', desired.interface, ...some));
  }
  return commands;
};

/** What to change at one peer; empty when it is in step. */
const peerGroup = (peer: DesiredPeer, existing: ObservedPeer | undefined): readonly string[] => {
  const keepaliveS = existing?.keepaliveS ?? 0;
  const ips = peer.allowedIps.join(',');
  const changes = [
    ...(existing?.hasPresharedKey === true ? ['preshared-key', '/dev/null'] : []),
    ...(existing?.allowedIps.join(',') === ips ? [] : ['allowed-ips', ips]),
    ...(peer.endpoint === null || peer.endpoint === existing?.endpoint
      ? []
      : ['endpoint', peer.endpoint]),
    ...(peer.keepaliveS === keepaliveS ? [] : ['persistent-keepalive', `${peer.keepaliveS}`]),
  ];
  return changes.length === 0 ? [] : ['peer', peer.publicKey, ...changes];
};
