/**
 * Rule: lack — what somebody lacks who is as far as its heads say.
 *
 * 1. Chains go out whole and in their order, so that each frame can be taken when its turn comes.
 * 2. To somebody who holds another frame in one place only ours is sent: the proof, and no more.
 *    Nothing after it could be taken.
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
  if (ours === null || theirs === undefined) return chain.frames();
  if (theirs.generation !== ours.generation) {
    return theirs.generation < ours.generation ? chain.frames() : [];
  }
  const same = chain.frameAt(theirs.sequence);
  if (same === null) return [];
  if (!isSameBytes(same.hash, theirs.hash)) return [same.bytes];
  return chain.frames().slice(theirs.sequence + 1);
};
