/**
 * Loop: core terms — the highest term of the core role that this member has taken or acknowledged.
 *
 * 1. It is on disk before it counts, and never goes back, whatever crashes.
 * 2. One of an epoch that has not come counts for nothing until it has: a clock was wrong when it
 *    was taken or is wrong now, or turns are longer now. Lower ones are taken meanwhile.
 */
import type { Disk } from '../ports.ts';
import { decodeTerms, encodeTerms } from './rules/core-message.ts';
import { compareTerms, type Term } from './rules/election.ts';

const FILE = 'core-term';
/**
 * Terms that are kept at most, and of them earlier ones than the last that was taken: should the
 * time go back. Of more, those of the furthest epochs are the least likely.
 */
const KEPT_MAX = 8;
const EARLIER_MAX = 3;

/** The highest term. */
export interface Terms {
  /** Null before the first, and while it is of a time that has not come. */
  highest(): Term | null;
  /** Resolves when it is on disk that this term was taken; a lower one changes nothing. */
  raise(term: Term): Promise<void>;
}

/**
 * Reads it. A file that does not read counts as none: others say theirs, and it is above that.
 * `latestEpoch`: the latest of which a term can be.
 */
export async function openTerms(disk: Disk, latestEpoch: () => number): Promise<Terms> {
  const bytes = await disk.read(FILE);
  let kept = bytes === null ? [] : decodeTerms(bytes);
  const highest = (): Term | null => kept.findLast(({ epoch }) => epoch <= latestEpoch()) ?? null;
  let writing: Promise<void> = Promise.resolve();
  return {
    highest,
    raise: (term) => {
      const turn = writing.then(async () => {
        const before = highest();
        if (before !== null && compareTerms(term, before) <= 0) return;
        const others = kept.filter((other) => compareTerms(other, term) !== 0);
        const all = [...others, term].toSorted(compareTerms);
        const first = Math.max(0, all.indexOf(term) - EARLIER_MAX);
        const rising = all.slice(first, first + KEPT_MAX);
        await disk.write(FILE, encodeTerms(rising));
        kept = rising;
      });
      writing = turn.catch(() => undefined);
      return turn;
    },
  };
}
