/**
 * Edge: WireGuard answer — what wireguard-go says, reduced to what a hand can change.
 *
 * 1. It holds the private key and preshared keys. Of the one only the public key is taken, of the
 *    others only whether there is one.
 */
import { openCrypto } from './crypto.ts';

interface Peer {
  readonly key: string;
  readonly ips: string[];
  keepalive: string;
  preshared: string;
  handshakeMs: number;
}

/**
 * The answer in the words of the port, or null when it is not a whole one. `nowMs`: Unix ms.
 */
export function reduceAnswer(answer: string, nowMs: number, heardMs: number): string | null {
  const peers: Peer[] = [];
  let [publicKey, port, isWhole] = ['-', '0', false];
  for (const line of answer.split('\n')) {
    const [name = '', value = ''] = line.split('=');
    const peer = peers.at(-1);
    if (name === 'errno') isWhole = value === '0';
    if (name === 'private_key') publicKey = publicKeyOf(value);
    if (name === 'listen_port') port = value;
    if (name === 'public_key') peers.push(peerOf(value));
    if (peer !== undefined) readPeerLine(peer, name, value);
  }
  if (!isWhole) return null;
  const lines = peers.map((peer) => {
    const heard = Math.abs(nowMs - peer.handshakeMs) < heardMs ? 'heard' : 'silent';
    const ips = peer.ips.length === 0 ? '-' : peer.ips.toSorted().join(',');
    return `${peer.key} ${ips} ${peer.keepalive} ${peer.preshared} ${heard}`;
  });
  return [`${publicKey} ${port}`, ...lines.toSorted()].join('\n');
}

const peerOf = (hex: string): Peer => ({
  key: Buffer.from(hex, 'hex').toString('base64'),
  ips: [],
  keepalive: '0',
  preshared: '-',
  handshakeMs: Number.NEGATIVE_INFINITY,
});

function readPeerLine(peer: Peer, name: string, value: string): void {
  if (name === 'allowed_ip') peer.ips.push(value);
  if (name === 'persistent_keepalive_interval') peer.keepalive = value;
  if (name === 'preshared_key' && !/^0*$/.test(value)) peer.preshared = 'psk';
  if (name === 'last_handshake_time_sec' && value !== '0') peer.handshakeMs = Number(value) * 1000;
}

const publicKeyOf = (hex: string): string => {
  const key = Buffer.from(hex, 'hex');
  return key.length === 32 ? Buffer.from(openCrypto().wgPublicKey(key)).toString('base64') : '-';
};
