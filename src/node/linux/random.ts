/**
 * Edge: random — randomness from the kernel.
 */
import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports.ts';

/** Cryptographically strong randomness of this host. */
export function openRandom(): Random {
  return {
    // A copy, because a small Buffer is a window into a pool that others write to.
    bytes: (length) => new Uint8Array(randomBytes(length)),
    fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  };
}
