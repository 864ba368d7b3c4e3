/**
 * Edge: swarm keys — the names that CNSMO and libp2p have for the same things.
 *
 * A PeerKey is the base32 of an Ed25519 public key; libp2p calls the same key a PeerId. An Endpoint
 * is numeric host and port; libp2p writes it as a multiaddr, with the expected PeerId at the end so
 * that Noise pins it.
 */
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { bytesOfId, type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import type { Endpoint } from '../../ports.ts';
import { openCrypto } from './crypto.ts';

/**
 * libp2p's key of a seed. The public half is derived by OpenSSL: libp2p derives it in JavaScript,
 * which is a tenth of the time that a daemon takes to start.
 */
export const privateKeyOf = (seed: Uint8Array): PrivateKey =>
  privateKeyFromRaw(Buffer.concat([seed, openCrypto().publicKey(seed)]));

/** The PeerId of a key. */
export const peerIdOf = (peer: PeerKey): PeerId =>
  peerIdFromPublicKey(publicKeyFromRaw(bytesOfId(peer)));

/**
 * The key of a PeerId, or null where it is of another kind than Ed25519: no member can have that.
 */
export const keyOfPeerId = (peerId: PeerId): PeerKey | null =>
  peerId.type === 'Ed25519' ? peerKeyOf(peerId.publicKey.raw) : null;

/** The address to dial, which pins the peer. Throws where the host is no numeric address. */
export const multiaddrOf = (peer: PeerKey, { host, port }: Endpoint): Multiaddr =>
  multiaddr(`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}/p2p/${peerIdOf(peer)}`);

/**
 * Host and port of an address; an empty host and port 0 where it has none, as an address of no IP
 * transport has.
 */
export const endpointOf = (address: Multiaddr): Endpoint => {
  const parts = new Map(address.getComponents().map(({ name, value }) => [name, value ?? '']));
  const host = parts.get('ip4') ?? parts.get('ip6') ?? '';
  return { host, port: Number(parts.get('tcp') ?? 0) };
};
