/**
 * Rule: nft words — objects of nft's JSON reduced to words that can be compared, whoever
 * wrote them: we, or nft when it lists them.
 *
 * Handles, counters and times go, and so does nesting, in which the versions of nft differ.
 */

/** Keys whose values differ from look to look and say nothing. */
const UNTOLD: ReadonlySet<string> = new Set([
  ...['handle', 'packets', 'bytes', 'expires', 'elem', 'metainfo', 'family', 'table'],
]);

/** The words of an object, in an order that does not depend on how it is nested. */
export const wordsOf = (value: unknown): string => sorted(wordsIn(value));

/** Words in that order, as one text. */
export const sorted = (words: readonly string[]): string => words.toSorted().join(' ');

/** The words of an object, as they come. */
export const wordsIn = (value: unknown): readonly string[] => {
  const words: string[] = [];
  gather(value, words);
  return words;
};

/** Into one list: there are many thousands of small objects in a table. */
function gather(value: unknown, into: string[]): void {
  if (Array.isArray(value)) for (const inner of value) gather(inner, into);
  else if (typeof value !== 'object') into.push(JSON.stringify(value));
  else if (value !== null) {
    for (const key of Object.keys(value)) {
      if (UNTOLD.has(key)) continue;
      if (key !== '|' && key !== '&') into.push(key);
      gather((value as Readonly<Record<string, unknown>>)[key], into);
    }
  }
}
