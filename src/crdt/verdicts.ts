/**
 * Rule: verdicts — what was found out about the signatures of join requests, so that none is
 * checked twice: not in a run, and not at each start.
 *
 * An operator may hold 16,384 admissions, and to check one takes two signatures; nothing else of a
 * start depends so much on what others say.
 * 1. It only saves time: a verdict is that of a pure function, by the hash of all that it says.
 * 2. What comes from disk counts only whole, and only from who holds the secret: one flipped bit
 *    could make a member of who is none.
 */
import { hex } from '@scure/base';
import type { Crypto } from '../ports.ts';
import { JOIN_FLAWS } from './admission.ts';
import { isSameBytes } from './codec.ts';
import { hashOf, joinBytes } from './signed.ts';

/** The verdicts of one mesh. */
export interface Verdicts {
  /** The verdict on what has this hash: the known one, else what `judge` says. */
  of(hash: Uint8Array, judge: () => string | null): string | null;
  /** Whether `encode` would give much more than when it was last called. */
  isWorthKeeping(): boolean;
  /** All of them, to be read by `openVerdicts` with the same secret. */
  encode(): Uint8Array;
}

/** Most verdicts that are kept: those of four operators that admit as many as they may; 2.2 MB. */
const VERDICTS_MAX = 65_536;

/**
 * So many new ones are worth keeping: to find them out again would take some 15 ms. And one in so
 * many: a hostile author must not have all of them written for each of its frames.
 */
const FRESH_MIN = 64;
const FRESH_PARTS = 32;

/** The first bytes of all that are encoded. A verdict is a byte and the hash after it. */
const HEADER = new TextEncoder().encode('cnsmo-verdicts-1\n');
const HASH_BYTES = 32;
const RECORD_BYTES = 1 + HASH_BYTES;

/** Why a request does not hold, by the byte of its verdict; the first: it holds. */
const WHYS: readonly (string | null)[] = [null, ...JOIN_FLAWS];
const UNKNOWN = 255;

/**
 * Opens verdicts as they were encoded; none when nothing was, or it is not whole. Beyond the most
 * that are kept the oldest is forgotten. `secret`: the seed of this member.
 */
export const openVerdicts = (
  crypto: Crypto,
  secret: Uint8Array,
  encoded: Uint8Array | null,
): Verdicts => {
  const known = encoded === null ? new Map<string, number>() : decode(crypto, secret, encoded);
  let fresh = 0;
  return {
    of: (hash, judge) => {
      const name = hex.encode(hash);
      const before = WHYS[known.get(name) ?? UNKNOWN];
      if (before !== undefined) return before;
      const why = judge();
      const [oldest] = known.size >= VERDICTS_MAX ? known.keys() : [];
      if (oldest !== undefined) known.delete(oldest);
      known.set(name, WHYS.indexOf(why));
      fresh += 1;
      return why;
    },
    isWorthKeeping: () => fresh >= Math.max(FRESH_MIN, known.size / FRESH_PARTS),
    encode: () => {
      fresh = 0;
      const content = new Uint8Array(HEADER.length + known.size * RECORD_BYTES);
      content.set(HEADER);
      let at = HEADER.length;
      for (const [name, verdict] of known) {
        content[at] = verdict;
        content.set(hex.decode(name), at + 1);
        at += RECORD_BYTES;
      }
      return joinBytes(content, checkOf(crypto, secret, content));
    },
  };
};

const checkOf = (crypto: Crypto, secret: Uint8Array, content: Uint8Array): Uint8Array =>
  hashOf(crypto, 'verdicts', joinBytes(secret, crypto.sha256(content)));

const decode = (crypto: Crypto, secret: Uint8Array, encoded: Uint8Array): Map<string, number> => {
  const known = new Map<string, number>();
  const end = encoded.length - HASH_BYTES;
  const content = encoded.subarray(0, Math.max(0, end));
  const isWhole = isSameBytes(encoded.subarray(content.length), checkOf(crypto, secret, content));
  if (!isWhole || !isSameBytes(content.subarray(0, HEADER.length), HEADER)) return known;
  for (let at = HEADER.length; at + RECORD_BYTES <= end; at += RECORD_BYTES) {
    const verdict = content[at] ?? 0;
    known.set(hex.encode(content.subarray(at + 1, at + RECORD_BYTES)), verdict);
  }
  return known;
};
