/**
 * Rule: word shelf — the newest word of each member about each service.
 */
import type { MemberId } from '../../crdt/ids.ts';
import { isLater, type Word, type WordHead } from './word-message.ts';

/** Services of one member of which words are kept. This release has one that speaks. */
const SERVICES_MAX = 4;

/** The words that are held. */
export interface WordShelf {
  /** The word of an author about a service, said or taken back. */
  get(author: MemberId, service: string): Word | null;
  /** Whether there is room for it and it is later than what is held. */
  isNew(head: WordHead): boolean;
  put(word: Word): void;
  /** Those that a member which has these lacks. */
  lackedBy(heads: readonly WordHead[]): readonly Word[];
  /** All, in the order in which their authors came. */
  all(): readonly Word[];
  /** Whether anything is said at all: what was taken back is not. */
  isSilent(): boolean;
  /** Only these authors are kept. */
  keep(isKept: (author: MemberId) => boolean): void;
}

/** A shelf without words. */
export function createWordShelf(): WordShelf {
  const authors = new Map<MemberId, Map<string, Word>>();
  const get = (author: MemberId, service: string): Word | null =>
    authors.get(author)?.get(service) ?? null;
  const all = (): readonly Word[] => [...authors.values()].flatMap((words) => [...words.values()]);
  return {
    get,
    all,
    isNew: (head) => {
      const held = get(head.author, head.service);
      if (held !== null) return isLater(head, held);
      return (authors.get(head.author)?.size ?? 0) < SERVICES_MAX;
    },
    put: (word) => {
      const words = authors.get(word.author) ?? new Map<string, Word>();
      authors.set(word.author, words.set(word.service, word));
    },
    lackedBy: (heads) => {
      const named = new Map(heads.map((head) => [nameOf(head), head]));
      return all().filter((word) => {
        const theirs = named.get(nameOf(word));
        return theirs === undefined || isLater(word, theirs);
      });
    },
    isSilent: () => all().every(({ text }) => text === ''),
    keep: (isKept) => {
      for (const author of authors.keys()) if (!isKept(author)) authors.delete(author);
    },
  };
}

const nameOf = ({ author, service }: WordHead): string => `${author} ${service}`;
