/**
 * Rule: lack — what somebody lacks who is as far as its heads say.
 *
 * 1. Chains go out whole and in their order, so that each frame can be taken when its turn comes.
 * 2. To somebody who holds another frame in one place only the proof is sent: nothing after it
 *    could be taken. Where the two lines parted is found by frames at doubling distances.
 * 3. A wrong head costs useless frames, nothing else. Whoever holds back frames of an author, or
 *    cannot take them, may name them in its heads, and is not sent them again.
 */
import type { Chain, Head } from './chain.ts';
import { isSameBytes } from './codec.ts';
import type { MemberId } from './ids.ts';

/** Whole frames, at most `bytesMax` bytes together, but at least one when any is lacking. */
export const framesAfter = (
  chains: readonly Chain[],
  heads: readonly Head[],
  bytesMax: number,
): readonly Uint8Array[] => {
  const byAuthor = new Map<MemberId, Head>(heads.map((head) => [head.author, head]));
  const frames: Uint8Array[] = [];
  let bytes = 0;
  for (const chain of chains) {
    for (const frame of lackingOf(chain, byAuthor.get(chain.author))) {
      bytes += frame.length;
      if (bytes > bytesMax && frames.length > 0) return frames;
      frames.push(frame);
    }
  }
  return frames;
};

const lackingOf = (chain: Chain, theirs: Head | undefined): readonly Uint8Array[] => {
  const ours = chain.head();
  const frames = chain.frames();
  const proof = chain.proof().map(({ bytes }) => bytes);
  if (ours === null || theirs === undefined) return [...frames, ...proof];
  if (theirs.generation !== ours.generation) {
    return theirs.generation < ours.generation ? [...frames, ...proof] : [];
  }
  if (isSameBytes(theirs.hash, ours.hash)) return [];
  if (isFrozenThere(chain, theirs)) return theirs.sequence > ours.sequence ? proof : [];
  const same = chain.frameAt(theirs.sequence);
  if (same !== null && isSameBytes(same.hash, theirs.hash)) {
    return [...frames.slice(theirs.sequence + 1), ...proof];
  }
  return isOnOtherLine(chain, theirs) ? [...probes(frames, theirs.sequence), ...proof] : proof;
};

/** Whether they hold the beginning of what we hold, and know that the author forks after it. */
const isFrozenThere = (chain: Chain, { sequence, hash }: Head): boolean => {
  const frozen = chain.frozenHashAt(sequence);
  return frozen !== null && isSameBytes(frozen, hash);
};

/** Whether something before their head may differ from ours: what follows there is no proof yet. */
const isOnOtherLine = (chain: Chain, { sequence, hash }: Head): boolean => {
  if (chain.frameAt(sequence) !== null) return true;
  const proof = chain.proof();
  return (
    proof.length > 0 &&
    sequence === chain.frames().length &&
    !proof.some((link) => isSameBytes(link.hash, hash))
  );
};

/**
 * Frames from a place back to the first, at ever longer distances: where they differ from what the
 * other side holds the line forked, and few rounds find the place.
 */
const probes = (frames: readonly Uint8Array[], from: number): readonly Uint8Array[] => {
  const probed: Uint8Array[] = [];
  let at = Math.min(from, frames.length - 1);
  for (let step = 1; at >= 0; step *= 2) {
    const frame = frames[at];
    if (frame !== undefined) probed.push(frame);
    at -= step;
  }
  return probed.toReversed();
};
