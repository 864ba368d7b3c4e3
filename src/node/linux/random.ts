/**
 * Edge: random — randomness from the kernel.
 */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Random } from '../../ports.ts';

/** Bytes of one fraction, and fractions that are drawn at once: one draw costs as much as many. */
const FRACTION_BYTES = 6;
const FRACTIONS = 256;

/** Cryptographically strong randomness of this host. */
export function openRandom(): Random {
  const drawn = Buffer.alloc(FRACTION_BYTES * FRACTIONS);
  let at = drawn.length;
  return {
    // A copy, because a small Buffer is a window into a pool that others write to.
    bytes: (length) => new Uint8Array(randomBytes(length)),
    fraction: () => {
      if (at === drawn.length) {
        randomFillSync(drawn);
        at = 0;
      }
      at += FRACTION_BYTES;
      return drawn.readUIntBE(at - FRACTION_BYTES, FRACTION_BYTES) / 2 ** 48;
    },
  };
}
