/**
 * Rule: jhash — the hash by which nftables spreads clients: Jenkins' lookup3 as Linux has it
 * (include/linux/jhash.h), over the bytes of an address in the order of the network.
 */

const INITIAL = 0xdeadbeef;
const MIXES = [
  [2, 4],
  [0, 6],
  [1, 8],
  [2, 16],
  [0, 19],
  [1, 4],
] as const;

/** The hash of some bytes. Unsigned, of 32 bits. */
export function jhash(bytes: Uint8Array, seed: number): number {
  const start = (INITIAL + bytes.length + seed) >>> 0;
  const state: Words = [start, start, start];
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    absorb(state, bytes.subarray(at, at + 12));
    mix(state);
  }
  absorb(state, bytes.subarray(at));
  if (bytes.length > at) finish(state);
  return state[2];
}

/** Where a hash falls among so many places, as the kernel scales it. */
export const scaled = (hash: number, places: number): number =>
  Number((BigInt(hash) * BigInt(places)) >> 32n);

type Words = [a: number, b: number, c: number];

/** Adds the bytes, the lowest first, to the three words. */
function absorb(words: Words, bytes: Uint8Array): void {
  for (const [index, byte] of bytes.entries()) {
    const at = (index >> 2) as 0 | 1 | 2;
    words[at] = (words[at] + ((byte << (8 * (index & 3))) >>> 0)) >>> 0;
  }
}

const rotate = (word: number, by: number): number => ((word << by) | (word >>> (32 - by))) >>> 0;

function mix(words: Words): void {
  for (const [index, [source, by]] of MIXES.entries()) {
    const target = (index % 3) as 0 | 1 | 2;
    const from = words[source];
    words[target] = (((words[target] - from) >>> 0) ^ rotate(from, by)) >>> 0;
    const next = ((target + 2) % 3) as 0 | 1 | 2;
    const other = ((target + 1) % 3) as 0 | 1 | 2;
    words[next] = (words[next] + words[other]) >>> 0;
  }
}

const FINALS = [14, 11, 25, 16, 4, 14, 24] as const;

function finish(words: Words): void {
  for (const [index, by] of FINALS.entries()) {
    const target = ((index + 2) % 3) as 0 | 1 | 2;
    const from = words[((target + 2) % 3) as 0 | 1 | 2];
    words[target] = ((words[target] ^ from) - rotate(from, by)) >>> 0;
  }
}
