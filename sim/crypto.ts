/**
 * Edge: crypto — signatures as a keyed hash: the same contract at a twentieth of the cost.
 *
 * Anybody could forge them who wanted to; nobody in a simulated mesh tries. One seed in a hundred
 * runs on the real ones (`run.ts`).
 */
import { hash } from 'node:crypto';
import type { Crypto } from '../src/ports.ts';

const digest = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(hash('sha256', Buffer.concat(parts), 'buffer'));

const label = (text: string): Uint8Array => new TextEncoder().encode(text);
const MEMBER = label('member');
const WG = label('wg');
const SIGNED = label('signed');

/** Who signs does it time and again with one seed, which nobody changes. */
const publicKey = (seed: Uint8Array): Uint8Array => {
  const key = publicKeys.get(seed) ?? digest(MEMBER, seed);
  publicKeys.set(seed, key);
  return key;
};

const publicKeys = new WeakMap<Uint8Array, Uint8Array>();

/** What `publicKey` signs for `data`: 64 bytes. */
const signature = (key: Uint8Array, data: Uint8Array): Uint8Array =>
  new Uint8Array(hash('sha512', Buffer.concat([SIGNED, key, data]), 'buffer'));

/** The stub. */
export const stubCrypto: Crypto = {
  sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
  publicKey,
  sign: (seed, data) => signature(publicKey(seed), data),
  verify: (key, data, signed) =>
    key.length === 32 && signed.length === 64 && Buffer.compare(signature(key, data), signed) === 0,
  wgPublicKey: (privateKey) => digest(WG, privateKey),
};
