/**
 * Edge: crypto — the Crypto port by node:crypto (OpenSSL): Ed25519, X25519, SHA-256.
 *
 * node:crypto takes no raw keys, so they are put behind their fixed ASN.1 headers (RFC 8410).
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Crypto } from '../../ports.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

const ED25519_PRIVATE_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');
const ED25519_PUBLIC_HEADER = Buffer.from('302a300506032b6570032100', 'hex');
const X25519_PRIVATE_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** How many imported public keys are kept: more than a mesh has members, under 1 MiB. */
const PUBLIC_KEYS_MAX = 512;

/** Opens the port. Each has a cache of imported public keys of its own. */
export const openCrypto = (): Crypto => {
  const imported = new Map<string, KeyObject>();
  // To import a key takes as long as to sign with it. A seed stays where it is, and as it is.
  const signing = new WeakMap<Uint8Array, KeyObject>();
  const signingKeyOf = (seed: Uint8Array): KeyObject => {
    const key = signing.get(seed) ?? privateKeyOf(ED25519_PRIVATE_HEADER, seed);
    signing.set(seed, key);
    return key;
  };
  return {
    sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
    publicKey: (seed) => publicBytes(privateKeyOf(ED25519_PRIVATE_HEADER, seed)),
    sign: (seed, data) => new Uint8Array(sign(null, data, signingKeyOf(seed))),
    verify: (publicKey, data, signature) => {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      try {
        return verify(null, data, importPublic(imported, publicKey), signature);
      } catch {
        return false;
      }
    },
    wgPublicKey: (privateKey) => publicBytes(privateKeyOf(X25519_PRIVATE_HEADER, privateKey)),
  };
};

const privateKeyOf = (header: Buffer, secret: Uint8Array): KeyObject => {
  if (secret.length !== KEY_BYTES) throw new TypeError(`a private key has ${KEY_BYTES} bytes`);
  const der = Buffer.concat([header, secret]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
};

const publicBytes = (privateKey: KeyObject): Uint8Array => {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(-KEY_BYTES));
};

/** The key object of a public key. The one longest unused makes room when the cache is full. */
const importPublic = (imported: Map<string, KeyObject>, publicKey: Uint8Array): KeyObject => {
  const name = Buffer.from(publicKey).toString('latin1');
  const known = imported.get(name);
  if (known !== undefined) {
    imported.delete(name);
    imported.set(name, known);
    return known;
  }
  const der = Buffer.concat([ED25519_PUBLIC_HEADER, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const [oldest] = imported.keys();
  if (imported.size >= PUBLIC_KEYS_MAX && oldest !== undefined) imported.delete(oldest);
  imported.set(name, key);
  return key;
};
