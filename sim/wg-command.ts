/**
 * Edge: wg command — the part of wireguard-tools that the product uses, on a simulated kernel.
 */
import { base64 } from '@scure/base';
import type { Crypto, HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import type { Device, Kernel, Peer } from './kernel.ts';
import type { Tunnels } from './tunnel.ts';

/** What `wg` works on. */
export interface WgContext {
  readonly kernel: Kernel;
  readonly crypto: Crypto;
  readonly tunnels: Tunnels;
}

/** Runs `wg`; `words` are its arguments. */
export function runWg(context: WgContext, words: readonly string[], stdin: string): HostResult {
  const [verb, name = '', ...rest] = words;
  const device = context.kernel.devices.get(name);
  const isThere = device?.answersWg === true;
  if (verb === 'show' && rest.join(' ') === 'dump') {
    if (!isThere) return failed(1, 'Unable to access interface: No such device');
    return done(dump(device));
  }
  if (verb === 'show' && rest.join(' ') === 'public-key') {
    if (!isThere) return failed(1, `Unable to access interface: ${whyNot(device)}`);
    return done(`${device.publicKey ?? '(none)'}\n`);
  }
  if (verb === 'set') {
    if (!isThere) return failed(1, 'Unable to modify interface: No such device');
    return set(context, device, rest, stdin);
  }
  throw unknownCommand(['wg', ...words]);
}

const whyNot = (device: Device | undefined): string =>
  device === undefined ? 'No such device' : 'Operation not supported';

function dump(device: Device): string {
  const lines = [['(hidden)', device.publicKey ?? '(none)', device.port, 'off']];
  for (const peer of device.peers.values()) {
    const { endpoint, session } = peer;
    lines.push([
      peer.publicKey,
      '(none)',
      endpoint === null ? '(none)' : shownEndpoint(endpoint),
      peer.allowedIps.length === 0 ? '(none)' : peer.allowedIps.join(','),
      session === null ? 0 : session.stampS,
      peer.rxBytes,
      peer.txBytes,
      peer.keepaliveS === 0 ? 'off' : peer.keepaliveS,
    ]);
  }
  return `${lines.map((line) => line.join('\t')).join('\n')}\n`;
}

const shownEndpoint = ({ host, port }: { host: string; port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const readEndpoint = (text: string): Peer['endpoint'] => {
  const [, host, port] = /^\[?([0-9a-f.:]+?)\]?:(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw unknownCommand(['wg', 'endpoint', text]);
  return { host, port: Number(port) };
};

/** Words after `wg set NAME`, read one after the other as `wg` does. */
function set(
  { kernel, crypto, tunnels }: WgContext,
  device: Device,
  words: readonly string[],
  stdin: string,
): HostResult {
  const queue = [...words];
  const take = (): string => queue.shift() ?? '';
  let peer: Peer | null = null;
  const touched = new Map<Peer, boolean>();
  while (queue.length > 0) {
    const word = take();
    if (word === 'peer') {
      peer = makePeer(device, take());
      touched.set(peer, touched.get(peer) ?? false);
    } else if (peer === null) setDevice(crypto, device, [word, take()], stdin);
    else if (word === 'remove') device.peers.delete(peer.publicKey);
    else if (setPeer(device, peer, [word, take()])) touched.set(peer, true);
  }
  for (const [one, isWoken] of touched) {
    if (device.peers.get(one.publicKey) === one) tunnels.changed(kernel, device, one, isWoken);
  }
  return done();
}

function setDevice(
  crypto: Crypto,
  device: Device,
  [word, value]: readonly [string, string],
  stdin: string,
): void {
  if (word === 'listen-port') device.port = Number(value);
  else if (word === 'private-key' && value === '/dev/stdin') {
    const key = base64.decode(stdin.trim());
    if (key.length !== 32) throw new Error('wg was given a private key that is none');
    device.publicKey = base64.encode(crypto.wgPublicKey(key));
    for (const peer of device.peers.values()) peer.session = null;
  } else throw unknownCommand(['wg', 'set', word, value]);
}

function makePeer(device: Device, publicKey: string): Peer {
  const peer: Peer = device.peers.get(publicKey) ?? {
    publicKey,
    endpoint: null,
    allowedIps: [],
    keepaliveS: 0,
    session: null,
    triedMs: Number.NEGATIVE_INFINITY,
    unansweredMs: null,
    rxBytes: 0,
    txBytes: 0,
  };
  device.peers.set(publicKey, peer);
  return peer;
}

/** Changes one thing of a peer; tells whether it made the peer speak at once. */
function setPeer(device: Device, peer: Peer, [word, value]: readonly [string, string]): boolean {
  if (word === 'endpoint') peer.endpoint = readEndpoint(value);
  else if (word === 'allowed-ips') {
    peer.allowedIps = value.split(',');
    for (const other of device.peers.values()) {
      if (other === peer) continue;
      other.allowedIps = other.allowedIps.filter((prefix) => !peer.allowedIps.includes(prefix));
    }
  } else if (word === 'persistent-keepalive') {
    const wasOff = peer.keepaliveS === 0;
    peer.keepaliveS = Number(value);
    return wasOff && peer.keepaliveS > 0;
  } else if (word !== 'preshared-key' || value !== '/dev/null') {
    throw unknownCommand(['wg', 'set', 'peer', word, value]);
  }
  return false;
}
