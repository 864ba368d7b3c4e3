/**
 * Loop: core terms — the highest term of the core role that this member has taken or acknowledged.
 *
 * It is on disk before it counts, and never goes back, whatever crashes.
 */
import type { Disk } from '../ports.ts';
import { decodeTerm, encodeTerm } from './rules/core-message.ts';
import { compareTerms, type Term } from './rules/election.ts';

const FILE = 'core-term';

/** The highest term. */
export interface Terms {
  /** Null before the first. */
  highest(): Term | null;
  /** Resolves when it is on disk that this term was taken; a lower one changes nothing. */
  raise(term: Term): Promise<void>;
}

/** Reads it. A file that does not read counts as none: others say theirs, and it is above that. */
export async function openTerms(disk: Disk): Promise<Terms> {
  const bytes = await disk.read(FILE);
  let highest = bytes === null ? null : decodeTerm(bytes);
  let writing: Promise<void> = Promise.resolve();
  return {
    highest: () => highest,
    raise: (term) => {
      const turn = writing.then(async () => {
        if (highest !== null && compareTerms(term, highest) <= 0) return;
        await disk.write(FILE, encodeTerm(term));
        highest = term;
      });
      writing = turn.catch(() => undefined);
      return turn;
    },
  };
}
