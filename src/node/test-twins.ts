/**
 * Loop: test twins — the instances of a member's key, for tests only.
 */
import { memberIdOf, meshIdOf } from '../crdt/ids.ts';
import { openCrypto } from './linux/crypto.ts';
import { createTwins, type Twins } from './twins.ts';

const crypto = openCrypto();
const meshId = meshIdOf(new Uint8Array(32));

/** A run with the key of that number; each has another instance. */
export const openTwins = (fill: number): Twins => {
  const seed = new Uint8Array(32).fill(fill);
  drawn += 1;
  const first = drawn;
  let more = 0;
  const bytes = (length: number): Uint8Array => {
    more += 1;
    return new Uint8Array(length).fill(first).fill(more, 8);
  };
  const self = { id: memberIdOf(crypto.publicKey(seed)), seed, meshId };
  return createTwins({ crypto, random: { bytes, fraction: () => 0 } }, self);
};

let drawn = 0;
